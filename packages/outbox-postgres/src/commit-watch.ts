import { MeterError } from "@meter-lib/core/store";
import { sqlState } from "./postgres-failure.ts";
import type { Query } from "./rows.ts";

const FIRST_LOOK_MS = 20;
const LONGEST_MS = 1_000;
/** The result for a transaction that this server never had: it was on another server, before a failover. */
const UNKNOWN = "22023";

/** Finds out how other transactions ended, as long as there is a waiter. */
export class CommitWatch {
  readonly #query: Query;
  readonly #asked = new Map<string, PromiseWithResolvers<boolean>>();
  #timer: NodeJS.Timeout | undefined;
  #delayMs = FIRST_LOOK_MS;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  constructor(query: Query) {
    this.#query = query;
  }

  committed(xact: string): Promise<boolean> {
    if (this.#isClosed) return Promise.reject(closed());
    const known = this.#asked.get(xact);
    if (known !== undefined) return known.promise;
    const asked = Promise.withResolvers<boolean>();
    this.#asked.set(xact, asked);
    this.#delayMs = FIRST_LOOK_MS;
    this.#schedule();
    return asked.promise;
  }

  /** Checks at once, if anybody waits. */
  look(): void {
    if (this.#asked.size > 0) this.#looking ??= this.#look();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const { reject } of this.#asked.values()) reject(closed());
    this.#asked.clear();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#asked.size === 0 || this.#isClosed) return;
    this.#timer = setTimeout(() => this.look(), this.#delayMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const before = this.#asked.size;
    try {
      const rows = await this.#query(
        "SELECT xact, pg_xact_status(xact::xid8) AS status FROM unnest($1::text[]) AS asked (xact)",
        [[...this.#asked.keys()]],
      );
      for (const { xact, status } of rows) this.#told(String(xact), status);
    } catch (error) {
      if (sqlState(error) === UNKNOWN) for (const xact of [...this.#asked.keys()]) this.#told(xact, null);
      // Otherwise it is checked again: the connection is lost, or a transaction of the store has failed.
    }
    this.#looking = undefined;
    this.#delayMs = this.#asked.size < before ? FIRST_LOOK_MS : Math.min(this.#delayMs * 2, LONGEST_MS);
    this.#schedule();
  }

  #told(xact: string, status: unknown): void {
    if (status === "in progress") return;
    const asked = this.#asked.get(xact);
    this.#asked.delete(xact);
    if (status === "committed" || status === "aborted") asked?.resolve(status === "committed");
    else asked?.reject(new Error(`the server knows nothing of the transaction ${xact}`));
  }
}

const closed = (): MeterError => new MeterError("closed", "the outbox is closed");
