import type { DiscardedEvent } from "@meter-lib/core/store";
import { ACCOUNT_FIELDS, type OutboxRow, type RowState } from "@meter-lib/core/store";
import { EXIT } from "../exit-code.ts";
import { lookInto } from "../open-outbox.ts";
import type { Report } from "../report.ts";
import { isoTime } from "../terminal/iso-time.ts";
import { formatNumber, table } from "../terminal/table.ts";

export interface OutboxListFlags {
  readonly state?: RowState | "discarded";
  readonly tenant?: string;
  readonly limit: number;
}

/** The accounts of an outbox, and the events in it. */
export const outboxList = (file: string, flags: OutboxListFlags): Promise<Report> =>
  lookInto(file, async (outbox) => {
    const accounts = await outbox.accounts();
    const { state, tenant: tenant_id, limit } = flags;
    const rows =
      state === "discarded"
        ? (await outbox.discarded({ tenant_id, limit })).map((event) => ({ ...event, state }))
        : await outbox.list({ state, tenant_id, limit });
    const shown =
      rows.length === 0
        ? ["No such events in it."]
        : table(["EVENT", "STATE", "TENANT", "METER", "USAGE", "TIME", "TRIES", "REASON"], rows.map(cells));
    const full = rows.length === flags.limit ? [`(the first ${flags.limit}; --limit for more)`] : [];
    return {
      exit: EXIT.done,
      lines: [
        ACCOUNT_FIELDS.map((field) => `${formatNumber(accounts[field])} ${field}`).join(", "),
        "",
        ...shown,
        ...full,
      ],
      data: { accounts, events: rows },
    };
  });

type Shown = OutboxRow | (DiscardedEvent & { readonly state: "discarded" });

const cells = (row: Shown): readonly (string | number)[] => {
  if (row.state !== "discarded") return rowCells(row);
  const { event_id, state, tenant_id, meter_id, hour, reason } = row;
  return [event_id, state, tenant_id, meter_id, "", `${isoTime(hour).slice(0, 13)}h`, "", reason];
};

const rowCells = ({ event, state, attempts, reason, status }: OutboxRow): readonly (string | number)[] => [
  event.event_id,
  state,
  event.tenant_id,
  event.meter_id,
  event.total_usage === undefined ? timesOf(event) : String(event.total_usage),
  isoTime(event.event_time),
  attempts,
  [status, reason].filter((part) => part !== undefined).join(" "),
];

const timesOf = ({ start_time, end_time }: OutboxRow["event"]): string => {
  if (start_time === undefined) return "end";
  return end_time === undefined ? "start" : `${end_time - start_time} ms`;
};
