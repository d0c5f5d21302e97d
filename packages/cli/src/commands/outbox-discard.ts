import type { Command } from "commander";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { type SelectionFlags, selectionOf, withSelection } from "../flags/selection-flags.ts";
import type { Invoke } from "../invoke.ts";
import { withOutbox } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";

interface OutboxDiscardFlags extends SelectionFlags {
  readonly reason: string;
}

/** Discards dead letters; they count as discarded. */
const outboxDiscard = (file: string, flags: OutboxDiscardFlags, io: Io): Promise<Report> => {
  const selection = selectionOf(flags);
  if (flags.reason.trim() === "") throw CliError.usage("--reason", "a reason", "nothing");
  return withOutbox(file, io, async (outbox) => {
    const discarded = await outbox.discard(selection, flags.reason);
    return {
      exit: EXIT.done,
      lines: [`${quantity(discarded, "event")} discarded.`],
      data: { discarded },
    };
  });
};

export const outboxDiscardCommand = (command: Command, invoke: Invoke): Command =>
  withSelection(command.argument("<outbox>", "outbox file, or a PostgreSQL URL"))
    .requiredOption("--reason <text>", "why")
    .addHelpText(
      "after",
      `
Example:
  $ meter outbox discard outbox.db --state rejected --tenant tenant_123 --reason "test data"`,
    )
    .action((file: string, flags: OutboxDiscardFlags) =>
      invoke(command, (io) => outboxDiscard(file, flags, io)),
    );
