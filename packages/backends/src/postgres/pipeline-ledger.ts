import type { ReconcileBackend } from "@meter-lib/core";
import * as v from "valibot";

export interface PipelineLedgerOptions {
  /**
   * Runs a query with parameters (`$1`, `$2`) and gives its rows: `async (text, values) => (await pool.query(text, values)).rows` with `pg`,
   * `(text, values) => sql.unsafe(text, values)` with `postgres`.
   */
  query(text: string, values: readonly number[]): Promise<readonly unknown[]>;
  /** The table that the pipeline fills, with its schema if it has one. @default "usage" */
  readonly table?: string | undefined;
}

// Drivers give bigint and numeric as text.
const number = v.pipe(v.union([v.string(), v.number(), v.bigint()]), v.transform(Number), v.finite());
const rows = v.array(
  v.object({
    tenant_id: v.string(),
    meter_id: v.string(),
    hour: number,
    events: number,
    total_usage: number,
  }),
);

/**
 * What the Flink pipeline counted, from the table that it keeps in PostgreSQL: events and sums by tenant, meter and hour, without ids.
 *
 * @throws TypeError for a table's name that is none
 *
 * @example
 * ```ts
 * const query = async (text: string, values: readonly number[]) => (await pool.query(text, [...values])).rows;
 * const result = await client.reconcile(pipelineLedger({ query }));
 * ```
 */
export const pipelineLedger = ({ query, table = "usage" }: PipelineLedgerOptions): ReconcileBackend => {
  if (!/^\w+(?:\.\w+)?$/.test(table))
    throw new TypeError(`table: expected the name of a table, got ${JSON.stringify(table)}`);
  const name = table
    .split(".")
    .map((part) => `"${part}"`)
    .join(".");
  return {
    ledger: async ({ from = 0, to = Number.MAX_SAFE_INTEGER }) =>
      v.parse(
        rows,
        await query(
          `SELECT tenant_id, meter_id, hour_ms AS hour, sum(events) AS events, coalesce(sum(total_usage), 0) AS total_usage
           FROM ${name} WHERE hour_ms >= $1 AND hour_ms < $2 GROUP BY tenant_id, meter_id, hour_ms`,
          [from, to],
        ),
      ),
  };
};
