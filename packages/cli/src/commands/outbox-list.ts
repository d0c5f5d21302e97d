import {
  ACCOUNT_FIELDS,
  type ArrivedEvent,
  type DiscardedEvent,
  type OutboxRow,
  type OutboxView,
  type RowState,
} from "@meter-lib/core/store";
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
    const rows = await rowsOf(outbox, flags);
    const shown =
      rows.length === 0
        ? ["No matching events."]
        : table(["EVENT", "STATE", "TENANT", "METER", "USAGE", "TIME", "TRIES", "REASON"], rows.map(cells));
    const arrived = rows.filter((row) => "arrived" in row).length;
    const full = rows.length === flags.limit ? [`(the first ${flags.limit}; use --limit for more)`] : [];
    return {
      exit: EXIT.done,
      lines: [
        ACCOUNT_FIELDS.map((field) => `${formatNumber(accounts[field])} ${field}`).join(", "),
        ...(arrived === 0
          ? []
          : [`${formatNumber(arrived)} came with transactions, not in these accounts yet`]),
        "",
        ...shown,
        ...full,
      ],
      data: { accounts, events: rows },
    };
  });

type Shown = OutboxRow | ArrivedEvent | (DiscardedEvent & { readonly state: "discarded" });

const rowsOf = async (
  outbox: OutboxView,
  { state, tenant: tenant_id, limit }: OutboxListFlags,
): Promise<readonly Shown[]> => {
  if (state === "discarded")
    return (await outbox.discarded({ tenant_id, limit })).map((event) => ({ ...event, state }));
  // Read first: what is claimed in between is shown, too.
  const arrived = (state ?? "pending") === "pending" ? await outbox.arrived({ tenant_id, limit }) : [];
  const rows = await outbox.list({ state, tenant_id, limit });
  const claimed = new Set(rows.map(({ event }) => identityOf(event)));
  return [...rows, ...arrived.filter(({ event }) => !claimed.has(identityOf(event)))].slice(0, limit);
};

const identityOf = ({ tenant_id, event_id }: OutboxRow["event"]): string =>
  JSON.stringify([tenant_id, event_id]);

const cells = (row: Shown): readonly (string | number)[] => {
  if ("arrived" in row) return [...eventCells(row), "", "came with a transaction, not claimed yet"];
  if (row.state !== "discarded") {
    const { attempts, reason, status } = row;
    return [...eventCells(row), attempts, [status, reason].filter((part) => part !== undefined).join(" ")];
  }
  const { event_id, state, tenant_id, meter_id, hour, reason } = row;
  return [event_id, state, tenant_id, meter_id, "", `${isoTime(hour).slice(0, 13)}h`, "", reason];
};

const eventCells = ({ event, state }: OutboxRow | ArrivedEvent): readonly string[] => [
  event.event_id,
  state,
  event.tenant_id,
  event.meter_id,
  event.total_usage === undefined ? timesOf(event) : String(event.total_usage),
  isoTime(event.event_time),
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
