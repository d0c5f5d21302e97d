import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { type SelectionFlags, selectionOf } from "../flags/selection-flags.ts";
import { withOutbox } from "../open-outbox.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import { formatNumber } from "../terminal/table.ts";

export interface OutboxDiscardFlags extends SelectionFlags {
  readonly reason: string;
}

/** Gives dead letters up for good; the accounts say so. */
export const outboxDiscard = (file: string, flags: OutboxDiscardFlags, io: Io): Promise<Report> => {
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
