import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { type SelectionFlags, selectionOf } from "../flags/selection-flags.ts";
import { withOutbox } from "../open-outbox.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import { formatNumber } from "../terminal/table.ts";

export interface OutboxRedriveFlags extends SelectionFlags {
  readonly mayCountTwice?: boolean;
}

/** Makes dead letters pending again; whoever opens the outbox next delivers them. */
export const outboxRedrive = (file: string, flags: OutboxRedriveFlags, io: Io): Promise<Report> => {
  if (flags.state === "quarantined" && flags.mayCountTwice !== true) {
    throw CliError.usage(
      "--may-count-twice",
      "it beside --state quarantined: these events may have been counted, and a backend without deduplication counts them again",
      "nothing",
    );
  }
  const selection = selectionOf(flags);
  return withOutbox(file, io, async (outbox) => {
    const redriven = await outbox.redrive(selection);
    const next = redriven === 0 ? "" : ` Deliver them with: meter outbox drain ${file}`;
    return {
      exit: EXIT.done,
      lines: [`${formatNumber(redriven)} events are pending again.${next}`],
      data: { redriven },
    };
  });
};
