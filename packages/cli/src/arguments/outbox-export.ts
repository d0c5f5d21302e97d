import { Command, Option } from "commander";
import type { OutboxExportFlags } from "../commands/outbox-export.ts";
import type { Invoke } from "../invoke.ts";

export const outboxExportCommand = (invoke: Invoke): Command =>
  new Command("export")
    .description("write the events of an outbox as NDJSON, as meter import takes it")
    .argument("<file>", "an outbox")
    .addOption(
      new Option("--state <state>", "only these").choices(["pending", "inflight", "rejected", "quarantined"]),
    )
    .option("--tenant <id>", "only this tenant's")
    .option("--rows", "with all that the outbox knows: state, reason, attempts")
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox export outbox.db --state rejected > rejected.ndjson
  $ meter import rejected.ndjson --dedup 7d`,
    )
    .action((file: string, flags: OutboxExportFlags, command: Command) =>
      invoke(command, async (io) =>
        (await import("../commands/outbox-export.ts")).outboxExport(file, flags, io),
      ),
    );
