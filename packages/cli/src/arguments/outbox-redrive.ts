import { Command } from "commander";
import type { OutboxRedriveFlags } from "../commands/outbox-redrive.ts";
import { withSelection } from "../flags/selection-flags.ts";
import type { Invoke } from "../invoke.ts";

export const outboxRedriveCommand = (invoke: Invoke): Command =>
  withSelection(
    new Command("redrive")
      .description("take dead letters or quarantined events up again")
      .argument("<file>", "an outbox"),
  )
    .option("--may-count-twice", "needed for quarantined events")
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox redrive outbox.db --state rejected --all
  $ meter outbox redrive outbox.db --state quarantined --id order-4711 --may-count-twice`,
    )
    .action((file: string, flags: OutboxRedriveFlags, command: Command) =>
      invoke(command, async (io) =>
        (await import("../commands/outbox-redrive.ts")).outboxRedrive(file, flags, io),
      ),
    );
