import { ACCOUNT_FIELDS, type DiscardedEvent, type OutboxRow, type RowState } from "@meter-lib/core/store";
import type { Command } from "commander";
import { EXIT } from "../errors/exit-code.ts";
import { count } from "../flags/count.ts";
import { KEPT_STATES, stateOption } from "../flags/state-option.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../outbox/open-outbox.ts";
import { isoTime } from "../terminal/iso-time.ts";
import type { Report } from "../terminal/report.ts";
import { formatNumber, table } from "../terminal/table.ts";

interface OutboxListFlags {
  readonly state?: RowState | "discarded";
  readonly tenant?: string;
  readonly limit: number;
}

/** Shows the accounts and the events of an outbox. */
const outboxList = (file: string, flags: OutboxListFlags): Promise<Report> =>
  lookInto(file, async (outbox) => {
    const accounts = await outbox.accounts();
    const { state, tenant: tenant_id, limit } = flags;
    const rows =
      state === "discarded"
        ? (await outbox.discarded({ tenant_id, limit })).map((event) => ({ ...event, state }))
        : await outbox.list({ state, tenant_id, limit });
    const shown =
      rows.length === 0
        ? ["No matching events."]
        : table(["EVENT", "STATE", "TENANT", "METER", "USAGE", "TIME", "TRIES", "REASON"], rows.map(cells));
    const full = rows.length === flags.limit ? [`(the first ${flags.limit}; use --limit for more)`] : [];
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

export const outboxListCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "outbox file, or a PostgreSQL URL")
    .addOption(stateOption([...KEPT_STATES, "discarded"]))
    .option("--tenant <id>", "only events of this tenant")
    .option("--limit <number>", "maximum number of events", count("--limit", 1), 100)
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox list outbox.db --state rejected --tenant tenant_123
  $ meter outbox list outbox.db --state discarded`,
    )
    .action((file: string, flags: OutboxListFlags) => invoke(command, () => outboxList(file, flags)));
