import { type OutgoingEvent, usageTime } from "@meter-lib/core/transport";
import { quoted } from "./usage-tables.ts";

const HOUR_MS = 3_600_000;

type Column = readonly [name: string, type: string, value: (event: OutgoingEvent) => unknown];

const COLUMNS: readonly Column[] = [
  ["tenant_id", "text", ({ tenant_id }) => tenant_id],
  ["event_id", "text", ({ event_id }) => event_id],
  ["customer_id", "text", ({ customer_id }) => customer_id],
  ["device_id", "text", ({ device_id }) => device_id],
  ["meter_id", "text", ({ meter_id }) => meter_id],
  ["hour_ms", "bigint", (event) => Math.floor(usageTime(event) / HOUR_MS) * HOUR_MS],
  ["event_time", "bigint", ({ event_time }) => event_time],
  ["total_usage", "bigint", ({ total_usage }) => total_usage],
  ["start_time", "bigint", ({ start_time }) => start_time],
  ["end_time", "bigint", ({ end_time }) => end_time],
  ["session_id", "text", ({ session_id }) => session_id],
  ["metadata", "text", ({ metadata }) => (metadata === undefined ? undefined : JSON.stringify(metadata))],
];

const TIMES = new Set(["event_time", "start_time", "end_time"]);

const asStored = (name: string): string => {
  if (TIMES.has(name)) return `to_timestamp(${name} / 1000.0)`;
  return name === "metadata" ? "metadata::jsonb" : name;
};

/**
 * Returns the statement that inserts a batch. Its rows are the places, from 0, of the events that the table had already. Sorted, so that
 * two batches with the same events do not deadlock.
 */
export const insertSql = (schema: string): string => {
  const names = COLUMNS.map(([name]) => name);
  const arrays = COLUMNS.map(([, type], i) => `$${i + 1}::${type}[]`);
  return `WITH given AS (
  SELECT * FROM unnest(${arrays.join(", ")}) WITH ORDINALITY AS given (${names.join(", ")}, place)
), written AS (
  INSERT INTO ${quoted(schema)}.usage_events (${names.join(", ")})
  SELECT ${names.map(asStored).join(", ")} FROM given ORDER BY tenant_id, event_id
  ON CONFLICT (tenant_id, event_id) DO NOTHING
  RETURNING tenant_id, event_id
)
SELECT place::int - 1 AS place FROM given LEFT JOIN written USING (tenant_id, event_id) WHERE written.event_id IS NULL`;
};

/** Returns the values of the statement: a list for each column. */
export const insertValues = (events: readonly OutgoingEvent[]): unknown[][] =>
  COLUMNS.map(([, , value]) => events.map((event) => value(event) ?? null));
