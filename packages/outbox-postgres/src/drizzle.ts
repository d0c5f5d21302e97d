import type { SqlTransaction } from "@meter-lib/core/store";
import { type SQL, sql } from "drizzle-orm";

/** A transaction of Drizzle over PostgreSQL: what `db.transaction(async (tx) => …)` hands to its callback. */
export interface DrizzleTransaction {
  execute(query: SQL): PromiseLike<unknown>;
}

/** `client.record(event, { tx: drizzleTransaction(tx) })` inside of `db.transaction()`. */
export const drizzleTransaction = (tx: DrizzleTransaction): SqlTransaction => ({
  query: (text, values) => tx.execute(sql.join(text.split(/(\$\d+)/).map((part) => chunk(part, values)))),
});

const chunk = (part: string, values: readonly unknown[]): SQL => {
  const place = /^\$(\d+)$/.exec(part)?.[1];
  return place === undefined ? sql.raw(part) : sql`${sql.param(values[Number(place) - 1])}`;
};
