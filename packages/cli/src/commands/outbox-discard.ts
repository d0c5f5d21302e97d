import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { type SelectionFlags, selectionOf, withSelection } from "../flags/selection-flags.ts";
import type { Invoke } from "../invoke.ts";
import { withOutbox } from "../open-outbox.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import { formatNumber } from "../terminal/table.ts";

interface OutboxDiscardFlags extends SelectionFlags {
  readonly reason: string;
}

/** Gives dead letters up for good; the accounts say so. */
const outboxDiscard = (file: string, flags: OutboxDiscardFlags, io: Io): Promise<Report> => {
  const selection = selectionOf(flags);
  if (flags.reason.trim() === "") throw CliError.usage("--reason", "text that says why", "nothing");
  return withOutbox(file, io, async (outbox) => {
    const discarded = await outbox.discard(selection, flags.reason);
    return {
      exit: EXIT.done,
      lines: [`${formatNumber(discarded)} events are discarded.`],
      data: { discarded },
    };
  });
};

export const outboxDiscardCommand = (command: Command, invoke: Invoke): Command =>
  withSelection(command.argument("<outbox>", "its file, or a URL of PostgreSQL"))
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
