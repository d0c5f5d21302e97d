import type { ArrivalRow, Arrivals, Insertion, SqlTransaction } from "@meter-lib/core/store";
import { CommitWatch } from "./commit-watch.ts";
import { type Insert, insertInto } from "./insert-arrivals.ts";
import type { Query } from "./rows.ts";
import { bellKey } from "./sql.ts";

/** How soon to look again while events keep coming. */
const AWAKE_MS = 100;

/**
 * Events in transactions of the application: rows of `arrivals`, which nobody numbers and nothing locks.
 *
 * A commit with a NOTIFY waits for every other one, so few ring the bell, which is a lock: of transactions at once the first, and none
 * while an owner is awake. That one has the lock, looks every now and then, and lets go of it when nothing came.
 */
export class PostgresArrivals implements Arrivals {
  readonly #query: Query;
  readonly #bell: string;
  readonly #insert: Insert;
  readonly #commits: CommitWatch;
  #tell = (): void => {};
  #isAwake = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param query - on the store's own connection */
  constructor(name: string, schema: string, query: Query) {
    this.#query = query;
    this.#commits = new CommitWatch(query);
    this.#bell = bellKey(schema);
    this.#insert = insertInto(name, schema);
  }

  async insert(tx: SqlTransaction, rows: readonly ArrivalRow[]): Promise<Insertion> {
    const xact = await this.#insert(tx, rows);
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
}
