import type { Accounts } from "@meter-lib/core";
import { EXIT, type ExitCode } from "../errors/exit-code.ts";
import type { Stop } from "../outbox/delivery-watch.ts";
import { bad, good, type Line, type Styled, warn } from "../terminal/line.ts";
import { quantity } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { RecordedFile } from "./record-file.ts";

/** The result of an import. */
export interface ImportSum {
  readonly file: string;
  readonly outbox: string;
  /** Rows in the file. */
  readonly total: number;
  readonly recorded: RecordedFile;
  /** The accounts of the outbox, over its whole life. */
  readonly accounts: Accounts;
  /** Why it stopped before everything was delivered. */
  readonly stop: Stop | undefined;
}

export const importExit = ({ recorded, accounts, stop }: ImportSum): ExitCode => {
  if (stop?.why === "interrupted") return EXIT.interrupted;
  if (recorded.refused > 0) return EXIT.data;
  if (accounts.quarantined > 0) return EXIT.ambiguous;
  return accounts.pending > 0 || accounts.rejected > 0 ? EXIT.undelivered : EXIT.done;
};

export const describeImport = (sum: ImportSum): readonly Line[] => {
  const { file, outbox, total, recorded, accounts, stop } = sum;
  const lines: Line[] = [];
  for (const { line, message } of recorded.faults) lines.push([`${file}:${line}: `, bad(message)]);
  lines.push(
    ...table(
      [file, ""],
      [
        ["rows in the file", total],
        ["recorded now", recorded.recorded],
        ["already known", recorded.known],
        ...(recorded.refused > 0 ? [["refused", recorded.refused] as const] : []),
      ],
    ),
    "",
    ...table(
      [outbox, ""],
      [
        ["recorded, all runs", accounts.recorded],
        ["acknowledged", accounts.acknowledged],
        ["pending", accounts.pending],
        ["rejected", accounts.rejected],
        ["quarantined", accounts.quarantined],
        ["discarded", accounts.discarded],
      ],
    ),
    "",
    verdict(sum),
  );
  if (stop !== undefined || accounts.pending > 0)
    lines.push("Run the same command again to continue; nothing is counted twice.");
  if (accounts.rejected + accounts.quarantined > 0) lines.push(`List them with: meter outbox list ${outbox}`);
  return lines;
};

const verdict = (sum: ImportSum): Styled => {
  const { accounts, recorded, stop, total } = sum;
  if (stop !== undefined) {
    const left = total - recorded.rows;
    const unread = left > 0 ? `${quantity(left, "row")} not read yet, ` : "";
    return warn(
      `Not finished, ${stop.reason}: ${unread}${quantity(accounts.pending, "event")} pending in the outbox.`,
    );
  }
  const exit = importExit(sum);
  if (exit === EXIT.done && total === 0) return warn("The file has no rows; nothing was recorded.");
  if (exit === EXIT.done) return good("Every event is acknowledged by the backend.");
  if (exit === EXIT.data) return bad("Some rows were refused; all others are recorded.");
  return exit === EXIT.ambiguous
    ? warn("Some events may have been counted; they are quarantined in the outbox.")
    : warn("Some events were not delivered; they are kept in the outbox.");
};
