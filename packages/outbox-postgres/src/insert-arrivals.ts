import { type ArrivalRow, describeValue, MeterError, type SqlTransaction } from "@meter-lib/core/store";
import { type PostgresRow, rowsOf } from "./postgres-client.ts";
import { isOfTransaction, storeError } from "./postgres-failure.ts";
import { quoted } from "./sql.ts";

/** Puts rows into a transaction, with one statement of it. Resolves with the transaction's number. */
export type Insert = (tx: SqlTransaction, rows: readonly ArrivalRow[]) => Promise<string>;

/** The argument of `arrive()`. */
export const arrivalText = (rows: readonly ArrivalRow[]): string => JSON.stringify(rows);

/** @param name - of the outbox, for errors */
export const insertInto = (name: string, schema: string): Insert => {
  const arrive = `SELECT ${quoted(schema)}.arrive($1)::text AS xact`;
  return async (tx, rows) => {
    if (typeof tx?.query !== "function") throw noTransaction(describeValue(tx));
    let answer: unknown;
    try {
      answer = await tx.query(arrive, [arrivalText(rows)]);
    } catch (cause) {
      throw failed(cause, name, schema);
    }
    const xact = (Array.isArray(answer) ? firstRow(answer) : rowsOf(answer)[0])?.xact;
    if (typeof xact === "string") return xact;
    throw noTransaction("something whose query() resolves without rows");
  };
};

const noTransaction = (given: string): MeterError =>
  MeterError.fromIssues("invalid_options", [
    {
      field: "tx",
      given,
      expected: "a transaction: a client of pg, or what an adapter makes of another library's",
    },
  ]);

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
