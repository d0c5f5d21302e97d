import { Command, Option } from "commander";
import type { OutboxListFlags } from "../commands/outbox-list.ts";
import { count } from "../flags/count.ts";
import type { Invoke } from "../invoke.ts";

export const outboxListCommand = (invoke: Invoke): Command =>
  new Command("list")
    .description("show the accounts of an outbox, and the events in it")
    .argument("<file>", "an outbox")
    .addOption(
      new Option("--state <state>", "only these").choices([
        "pending",
        "inflight",
        "rejected",
        "quarantined",
        "discarded",
      ]),
    )
    .option("--tenant <id>", "only this tenant's")
    .option("--limit <number>", "how many at most", count("--limit", 1), 100)
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox list outbox.db --state rejected --tenant tenant_123
  $ meter outbox list outbox.db --state discarded`,
    )
    .action((file: string, flags: OutboxListFlags, command: Command) =>
      invoke(command, async () => (await import("../commands/outbox-list.ts")).outboxList(file, flags)),
    );
