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

/** How soon to look again while events keep coming. */
const AWAKE_MS = 100;

/**
 * Events in transactions of the application: rows of `arrivals`, which nobody numbers and nothing locks.
 *
 * A commit with a NOTIFY waits for every other one, so few ring the bell, which is a lock: of transactions at once the first, and none
 * while an owner is awake. That one has the lock, looks every now and then, and lets go of it when nothing came.
 */
export class PostgresArrivals implements Arrivals {
  readonly #name: string;
  readonly #schema: string;
  readonly #query: Query;
  readonly #bell: string;
  readonly #one: string;
  readonly #several: string;
  readonly #commits: CommitWatch;
  #tell = (): void => {};
  #isAwake = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param query - on the store's own connection */
  constructor(name: string, schema: string, query: Query) {
    this.#name = name;
    this.#schema = schema;
    this.#query = query;
    this.#commits = new CommitWatch(query);
    this.#bell = lockKey(`${schema} bell`);
    const insert = `INSERT INTO ${quoted(schema)}.arrivals (arrival)`;
    const answer = `RETURNING pg_current_xact_id()::text AS xact,
      CASE WHEN pg_try_advisory_xact_lock(${this.#bell}) THEN pg_notify(${literal(schema)}, '')::text END AS rung`;
    this.#one = `${insert} VALUES ($1::text::json) ${answer}`;
    this.#several = `${insert} SELECT value FROM json_array_elements($1::text::json) ${answer}`;
  }

  async insert(tx: SqlTransaction, rows: readonly ArrivalRow[]): Promise<Insertion> {
    const [first] = rows;
    let answer: unknown;
    try {
      answer =
        rows.length === 1
          ? await tx.query(this.#one, [JSON.stringify(first)])
          : await tx.query(this.#several, [JSON.stringify(rows)]);
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
    void this.#wake();
    this.#tell();
  }

  /** A claim found so many. */
  looked(found: number): void {
    if (!this.#isAwake) return;
    clearTimeout(this.#timer);
    if (found === 0) void this.#sleep();
    else {
      this.#timer = setTimeout(() => this.#tell(), AWAKE_MS);
      this.#timer.unref();
    }
  }

  /** The connection was lost, and with it the lock. */
  lost(): void {
    this.#isAwake = false;
  }

  async #wake(): Promise<void> {
    if (this.#isAwake) return;
    this.#isAwake = true;
    const rows = await this.#query(`SELECT pg_try_advisory_lock(${this.#bell}) AS taken`).catch(() => []);
    // Another owner is awake.
    if (rows[0]?.taken !== true) this.#isAwake = false;
  }

  async #sleep(): Promise<void> {
    this.#isAwake = false;
    await this.#query(`SELECT pg_advisory_unlock(${this.#bell})`).catch(() => []);
    // Of who came in between, nobody rang.
    this.#tell();
  }

  close(): void {
    clearTimeout(this.#timer);
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
