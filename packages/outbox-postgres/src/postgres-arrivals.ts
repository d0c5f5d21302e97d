import type { ArrivalRow, Arrivals, Insertion, SqlTransaction } from "@meter-lib/core/store";
import { CommitWatch } from "./commit-watch.ts";
import { type Insert, insertInto, type Place } from "./insert-arrivals.ts";
import type { Query } from "./rows.ts";
import { bellKey } from "./sql.ts";

/** How soon to check again while events keep coming. */
const AWAKE_MS = 100;
/** How often to look where no notification comes. */
const DEAF_MS = 1_000;

/**
 * Events in transactions of the application: rows of `arrivals`, which nobody numbers and nothing locks.
 *
 * A commit with NOTIFY waits for all others, so only few send one: whoever gets a lock. Of simultaneous transactions that is the first, and
 * while an owner is awake, none. An awake owner has the lock, checks from time to time, and releases it when nothing comes.
 */
export class PostgresArrivals implements Arrivals {
  readonly #query: Query;
  readonly #bell: string;
  readonly #insert: Insert;
  readonly #commits: CommitWatch;
  /** Of the outbox, as long as it is connected. */
  #place: Place | undefined;
  #tell = (): void => {};
  #isAwake = false;
  #timer: NodeJS.Timeout | undefined;
  #looks: NodeJS.Timeout | undefined;

  /** @param query - on the store's own connection */
  constructor(name: string, schema: string, query: Query) {
    this.#query = query;
    this.#commits = new CommitWatch(query);
    this.#bell = bellKey(schema);
    this.#insert = insertInto(name, schema);
  }

  async insert(tx: SqlTransaction, rows: readonly ArrivalRow[]): Promise<Insertion> {
    const xact = await this.#insert(tx, rows, this.#place);
    return { committed: () => this.#commits.committed(xact) };
  }

  listen(tell: () => void): void {
    this.#tell = tell;
  }

  /** @param hears - whether the connection gets notifications */
  connected(place: Place, hears: boolean): void {
    this.#place = place;
    clearInterval(this.#looks);
    if (hears) return;
    this.#looks = setInterval(() => {
      this.#commits.look();
      this.#tell();
    }, DEAF_MS);
    this.#looks.unref();
  }

  /** Something was committed. */
  rang(): void {
    this.#commits.look();
    void this.#wake();
    this.#tell();
  }

  /** Number found by a claim. */
  looked(found: number): void {
    if (!this.#isAwake) return;
    clearTimeout(this.#timer);
    if (found === 0) void this.#sleep();
    else {
      this.#timer = setTimeout(() => this.#tell(), AWAKE_MS);
      this.#timer.unref();
    }
  }

  /** The connection was lost, and with it the lock. The next one may be to a server that took over. */
  lost(): void {
    this.#place = undefined;
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
    // Transactions that came in between have not notified.
    this.#tell();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#looks);
    this.#commits.close();
  }
}
