import { Command } from "commander";
import type { OutboxDiscardFlags } from "../commands/outbox-discard.ts";
import { withSelection } from "../flags/selection-flags.ts";
import type { Invoke } from "../invoke.ts";

export const outboxDiscardCommand = (invoke: Invoke): Command =>
  withSelection(
    new Command("discard")
      .description("give dead letters or quarantined events up for good")
      .argument("<file>", "an outbox"),
  )
    .requiredOption("--reason <text>", "why")
    .addHelpText(
      "after",
      `
Example:
  $ meter outbox discard outbox.db --state rejected --tenant tenant_123 --reason "test data"`,
    )
    .action((file: string, flags: OutboxDiscardFlags, command: Command) =>
      invoke(command, async (io) =>
        (await import("../commands/outbox-discard.ts")).outboxDiscard(file, flags, io),
      ),
    );
