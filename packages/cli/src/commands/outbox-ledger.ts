import type { Command } from "commander";
import { EXIT } from "../errors/exit-code.ts";
import { moment } from "../flags/moment.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../outbox/open-outbox.ts";
import { isoTime } from "../terminal/iso-time.ts";
import type { Report } from "../terminal/report.ts";
import { table } from "../terminal/table.ts";

interface OutboxLedgerFlags {
  readonly from?: number;
  readonly to?: number;
}

/** Shows what is booked in each hour. */
const outboxLedger = (file: string, range: OutboxLedgerFlags): Promise<Report> =>
  lookInto(file, async (outbox) => {
    const rows = (await outbox.ledger({ ...range, booked: true })).toSorted(
      (a, b) =>
        a.hour - b.hour ||
        (a.corrects ?? Number.POSITIVE_INFINITY) - (b.corrects ?? Number.POSITIVE_INFINITY),
    );
    const cells = rows.map((row) => [
      hourOf(row.hour),
      row.tenant_id,
      row.meter_id,
      row.recorded,
      row.acknowledged,
      row.recorded_usage,
      row.acknowledged_usage,
      row.corrects === undefined ? "" : hourOf(row.corrects),
    ]);
    return {
      exit: EXIT.done,
      lines: rows.length === 0 ? ["Nothing is booked."] : table(HEADER, cells),
      data: rows,
    };
  });

const HEADER = [
  "HOUR (UTC)",
  "TENANT",
  "METER",
  "RECORDED",
  "ACKNOWLEDGED",
  "USAGE RECORDED",
  "USAGE ACKNOWLEDGED",
  "CORRECTS",
];

const hourOf = (time: number): string => isoTime(time).slice(0, 13);

export const outboxLedgerCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "outbox file, or a PostgreSQL URL")
    .option("--from <time>", "only hours from this time on", moment("--from"))
    .option("--to <time>", "only hours before this time", moment("--to"))
    .addHelpText(
      "after",
      `
A row that CORRECTS an hour is a change of that hour after it was frozen, by so much.

Examples:
  $ meter outbox ledger outbox.db
  $ meter outbox ledger outbox.db --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --json`,
    )
    .action((file: string, flags: OutboxLedgerFlags) => invoke(command, () => outboxLedger(file, flags)));
