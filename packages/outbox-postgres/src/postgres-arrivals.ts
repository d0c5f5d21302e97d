import {
  type ArrivalRow,
  type Arrivals,
  type Insertion,
  MeterError,
  type SqlTransaction,
} from "@meter-lib/core/store";
import { CommitWatch } from "./commit-watch.ts";
import { type PostgresRow, rowsOf } from "./postgres-client.ts";
import { storeError } from "./postgres-failure.ts";
import type { Query } from "./rows.ts";
import { literal, lockKey, quoted } from "./sql.ts";

/**
 * Events in transactions of the application: rows of `arrivals`, which nobody numbers and nothing locks. One transaction at a time rings
 * for all: a commit with a NOTIFY waits for every other one.
 */
export class PostgresArrivals implements Arrivals {
  readonly #name: string;
  readonly #schema: string;
  readonly #statement: string;
  readonly #commits: CommitWatch;
  #tell = (): void => {};

  /** @param query - on the store's own connection */
  constructor(name: string, schema: string, query: Query) {
    this.#name = name;
    this.#schema = schema;
    this.#commits = new CommitWatch(query);
    this.#statement = `WITH arrived AS (
      INSERT INTO ${quoted(schema)}.arrivals (arrival) SELECT value FROM json_array_elements($1::text::json)
    ), bell AS (
      SELECT pg_notify(${literal(schema)}, '') WHERE pg_try_advisory_xact_lock(${lockKey(`${schema} bell`)})
    ) SELECT pg_current_xact_id()::text AS xact, (SELECT count(*)::int FROM bell) AS rung`;
  }

  async insert(tx: SqlTransaction, rows: readonly ArrivalRow[]): Promise<Insertion> {
    let answer: unknown;
    try {
      answer = await tx.query(this.#statement, [JSON.stringify(rows)]);
    } catch (error) {
      throw this.#failed(error);
    }
    const xact = (Array.isArray(answer) ? firstRow(answer) : rowsOf(answer)[0])?.xact;
    if (typeof xact !== "string")
      throw MeterError.fromIssues("invalid_options", [
        {
          field: "tx",
          given: "something whose query() resolves without rows",
          expected: "a transaction: a client of pg, or what an adapter makes of another library's",
        },
      ]);
    return { committed: () => this.#commits.committed(xact) };
  }

  listen(tell: () => void): void {
    this.#tell = tell;
  }

  /** Something was committed. */
  rang(): void {
    this.#commits.look();
    this.#tell();
  }

  close(): void {
    this.#commits.close();
  }

  #failed(cause: unknown): unknown {
    const error = storeError(cause, this.#name, this.#schema);
    if (error instanceof MeterError) return error;
    const message = cause instanceof Error ? cause.message : String(cause);
    return new MeterError("outbox_failed", `${this.#name}: ${message}; the event is not in the transaction`, {
      cause,
    });
  }
}

const firstRow = ([row]: readonly unknown[]): PostgresRow | undefined =>
  typeof row === "object" && row !== null ? { ...row } : undefined;
