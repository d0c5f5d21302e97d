import { Command } from "commander";
import type { OutboxEraseFlags } from "../commands/outbox-erase.ts";
import type { Invoke } from "../invoke.ts";

export const outboxEraseCommand = (invoke: Invoke): Command =>
  new Command("erase")
    .description("take a tenant out of an outbox: its events, letters, sessions and ids")
    .argument("<file>", "an outbox")
    .requiredOption("--tenant <id>", "whose")
    .option("--reason <text>", "why", "erased")
    .addHelpText(
      "after",
      `
Events that wait are not delivered any more, and are counted as discarded; so are dead letters. The ids are forgotten: a repeat would
count again. The sums by meter and hour stay, until their time is over.

Example:
  $ meter outbox erase outbox.db --tenant tenant_123`,
    )
    .action((file: string, flags: OutboxEraseFlags, command: Command) =>
      invoke(command, async (io) =>
        (await import("../commands/outbox-erase.ts")).outboxErase(file, flags, io),
      ),
    );
