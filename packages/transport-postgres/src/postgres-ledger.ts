import type { ReconcileBackend } from "@meter-lib/core";
import * as v from "valibot";
import { rowsOf } from "./rows-of.ts";
import { quoted } from "./usage-tables.ts";

export interface PostgresLedgerOptions {
  /** Runs one query: a `Client` or `Pool` of `pg`. Resolves with its rows, or with `{ rows }`. */
  readonly client: { query(text: string, values: unknown[]): PromiseLike<unknown> };
  /** Schema of what {@link postgresTransport} fills. @default "meter_lib" */
  readonly schema?: string | undefined;
  /**
   * Another table with usage by hour, `usage` or `schema.usage`, with the columns `tenant_id`, `meter_id`, `hour_ms`, `events` and
   * `total_usage`: the one that the pipeline keeps. It has no ids.
   */
  readonly table?: string | undefined;
}

// Drivers return bigint and numeric as text.
const number = v.pipe(v.union([v.string(), v.number(), v.bigint()]), v.transform(Number), v.finite());
const sums = v.array(
  v.object({
    tenant_id: v.string(),
    meter_id: v.string(),
    hour: number,
    events: number,
    total_usage: number,
  }),
);
const ids = v.array(v.object({ event_id: v.string() }));

/**
 * What a database counted: events and sums by tenant, meter and hour, and, of the table that {@link postgresTransport} fills, the ids
 * behind them.
 *
 * @throws TypeError for an invalid table name
 *
 * @example
 * ```ts
 * const result = await client.reconcile(postgresLedger({ client: pool }));
 * ```
 */
export const postgresLedger = ({
  client,
  schema = "meter_lib",
  table,
}: PostgresLedgerOptions): ReconcileBackend => {
  if (table !== undefined && !/^\w+(?:\.\w+)?$/.test(table))
    throw new TypeError(`table: expected the name of a table, got ${JSON.stringify(table)}`);
  const from =
    table === undefined ? `${quoted(schema)}.usage_by_hour` : table.split(".").map(quoted).join(".");
  const ledger: ReconcileBackend["ledger"] = async (range) => {
    const result = await client.query(
      `SELECT tenant_id, meter_id, hour_ms AS hour, sum(events) AS events, coalesce(sum(total_usage), 0) AS total_usage
       FROM ${from} WHERE hour_ms >= $1 AND hour_ms < $2 GROUP BY tenant_id, meter_id, hour_ms`,
      [range.from ?? 0, range.to ?? Number.MAX_SAFE_INTEGER],
    );
    return v.parse(sums, rowsOf(result));
  };
  if (table !== undefined) return { ledger };
  return {
    ledger,
    ids: async ({ tenant_id, meter_id, hour }) => {
      const result = await client.query(
        `SELECT event_id FROM ${quoted(schema)}.usage_events WHERE tenant_id = $1 AND meter_id = $2 AND hour_ms = $3`,
        [tenant_id, meter_id, hour],
      );
      return v.parse(ids, rowsOf(result)).map(({ event_id }) => event_id);
    },
  };
};
