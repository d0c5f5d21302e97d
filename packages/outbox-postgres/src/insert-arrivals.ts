import { type ArrivalRow, describeValue, MeterError, type SqlTransaction } from "@meter-lib/core/store";
import { type PostgresRow, rowsOf } from "./postgres-client.ts";
import { isOfTransaction, storeError } from "./postgres-failure.ts";
import { quoted } from "./sql.ts";

/** Where an outbox is. */
export interface Place {
  /** What the SQL function `place` returns. */
  readonly id: string;
  readonly database: string;
}

/**
 * Puts rows into a transaction, with one statement of it. Resolves with the transaction's number.
 *
 * @param place - of the outbox that delivers. Not checked if it is not known.
 * @throws MeterError `invalid_options` for a transaction in another database
 */
export type Insert = (tx: SqlTransaction, rows: readonly ArrivalRow[], place?: Place) => Promise<string>;

/** The argument of `arrive()`. */
export const arrivalText = (rows: readonly ArrivalRow[]): string => JSON.stringify(rows);

/** @param name - of the outbox, for errors */
export const insertInto = (name: string, schema: string): Insert => {
  const arrive = `${quoted(schema)}.arrive`;
  const unchecked = `SELECT ${arrive}($1)::text AS xact`;
  const checked = `SELECT ${arrive}($1, $2)::text AS xact, current_database()::text AS database`;
  return async (tx, rows, place) => {
    if (typeof tx?.query !== "function") throw noTransaction(describeValue(tx));
    let answer: unknown;
    try {
      answer = await (place === undefined
        ? tx.query(unchecked, [arrivalText(rows)])
        : tx.query(checked, [arrivalText(rows), place.id]));
    } catch (cause) {
      throw failed(cause, name, schema);
    }
    const row = Array.isArray(answer) ? firstRow(answer) : rowsOf(answer)[0];
    if (typeof row?.xact === "string") return row.xact;
    if (row?.xact === null && place !== undefined) throw otherDatabase(row.database, place, schema);
    throw noTransaction("something whose query() resolves without rows");
  };
};

const noTransaction = (given: string): MeterError =>
  invalidTransaction(given, "a transaction: a client of pg, or what an adapter makes of another library's");

const otherDatabase = (given: unknown, { database }: Place, schema: string): MeterError =>
  invalidTransaction(
    `a transaction in ${given === database ? "another server's" : "the"} database ${describeValue(given)}`,
    `a transaction in the database ${describeValue(database)} of the outbox: in the schema ${schema} of another one, nobody would deliver the event`,
  );

const invalidTransaction = (given: string, expected: string): MeterError =>
  MeterError.fromIssues("invalid_options", [{ field: "tx", given, expected }]);

const firstRow = ([row]: readonly unknown[]): PostgresRow | undefined =>
  typeof row === "object" && row !== null ? { ...row } : undefined;

const failed = (cause: unknown, name: string, schema: string): unknown => {
  // Whoever begins the transaction again looks for the database's own error.
  if (isOfTransaction(cause)) return cause;
  const error = storeError(cause, name, schema);
  if (error instanceof MeterError) return error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new MeterError("outbox_failed", `${name}: ${message}; the event is not in the transaction`, {
    cause,
  });
};
