import {
  type KeyRange,
  MayHaveCommitted,
  MeterError,
  type Store,
  type StoreLock,
  type StoreRow,
  type StoreTransaction,
  type TableName,
  type Tables,
} from "@meter-lib/core/store";
import { abort, ask, ending } from "../database/indexed-db.ts";
import { StoreDatabase } from "./store-database.ts";
import { StoreLocks } from "./store-locks.ts";
import { watchPageSleep } from "./watch-page-sleep.ts";

export interface IndexedDbStoreOptions {
  /** The database's name. */
  readonly name: string;
  readonly openTimeoutMs: number;
  /** Only without Web Locks: a holder without a sign of life for this long, in milliseconds, loses its locks. */
  readonly leaseMs: number;
}

/** A running transaction. */
interface Running {
  readonly tx: IDBTransaction;
  /** Whether it was told to commit: only it knows whether it did, so it must not be repeated. */
  isCommitting: boolean;
  /** Stops waiting for it. */
  readonly giveUp: (why: Error) => void;
}

const SLEPT = new Error("the page was suspended");

/** A store shared by the pages of one origin. A suspended page blocks neither locks nor the database. */
export const indexedDbStore = (options: IndexedDbStoreOptions): Store => new IndexedDbStore(options);

class IndexedDbStore implements Store {
  readonly name: string;
  readonly durable = true;

  readonly #database: StoreDatabase;
  readonly #locks: StoreLocks;
  readonly #unwatch: () => void;
  #running: Running | undefined;
  #naps = 0;

  constructor({ name, openTimeoutMs, leaseMs }: IndexedDbStoreOptions) {
    this.name = `indexeddb ${name}`;
    this.#database = new StoreDatabase(name, openTimeoutMs);
    this.#locks = new StoreLocks(name, leaseMs, this.#database);
    this.#unwatch = watchPageSleep({
      leave: () => this.#locks.sleep(),
      sleep: () => this.#sleep(),
      wake: () => this.#wake(),
    });
  }

  async open(): Promise<readonly string[]> {
    await this.transact(() => {});
    return [];
  }

  async transact<Answer>(work: (tx: StoreTransaction) => Answer | PromiseLike<Answer>): Promise<Answer> {
    for (;;) {
      const tx = await this.#database.begin().catch((error: unknown) => this.#fail(error));
      try {
        return await this.#run(tx, work);
      } catch (error) {
        if (error === SLEPT) continue;
        // Errors of `work` go to its caller.
        throw error instanceof DOMException ? failure(this.name, error) : error;
      } finally {
        this.#running = undefined;
      }
    }
  }

  lock(name: string): Promise<StoreLock | undefined> {
    return this.#locks.take(name).catch((error: unknown) => this.#fail(error));
  }

  isLocked(name: string): Promise<boolean> {
    return this.#locks.isTaken(name, this.#running?.tx);
  }

  async close(): Promise<void> {
    this.#unwatch();
    this.#database.wake();
    await this.#locks.releaseAll();
    this.#database.end();
  }

  #fail(error: unknown): never {
    throw failure(this.name, error);
  }

  async #run<Answer>(
    tx: IDBTransaction,
    work: (tx: StoreTransaction) => Answer | PromiseLike<Answer>,
  ): Promise<Answer> {
    const ended = ending(tx);
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    givenUp.catch(() => {});
    const running: Running = { tx, isCommitting: false, giveUp };
    this.#running = running;
    try {
      const answer = await Promise.race([work(transaction(tx)), givenUp]);
      running.isCommitting = true;
      commit(tx);
      await Promise.race([ended, givenUp]);
      return answer;
    } catch (error) {
      if (running.isCommitting || error === SLEPT) throw error;
      // The reason why it ended says more than what followed.
      throw abort(tx)
        ? error
        : await ended.then(
            () => error,
            (why: unknown) => why ?? error,
          );
    }
  }

  #sleep(): void {
    this.#naps++;
    this.#database.sleep();
    this.#locks.sleep();
    const running = this.#running;
    // A suspended page cannot end it, and all others would wait. Not every browser reports its end, so it is restarted.
    if (running?.isCommitting === false && abort(running.tx)) running.giveUp(SLEPT);
  }

  async #wake(): Promise<void> {
    const naps = this.#naps;
    await this.#locks.wake();
    if (naps !== this.#naps || !this.#database.isAsleep) return;
    const running = this.#running;
    this.#database.wake();
    if (running === undefined) return;
    // Its end was to be reported before the end of a transaction that starts now.
    const giveUp = () =>
      running.giveUp(
        new MayHaveCommitted(
          `${this.name}: the page was suspended before it knew the result of a transaction`,
        ),
      );
    this.#database.begin().then((next) => {
      next.oncomplete = next.onabort = giveUp;
    }, giveUp);
  }
}

const transaction = (tx: IDBTransaction): StoreTransaction => ({
  get: <Name extends TableName>(table: Name, key: string): Promise<Tables[Name] | undefined> =>
    ask(tx.objectStore(table).get(key)),
  put: (table, key, value) => {
    tx.objectStore(table).put(value, key);
  },
  delete: (table, key) => {
    tx.objectStore(table).delete(key);
  },
  range: async <Name extends TableName>(table: Name, range: KeyRange): Promise<readonly StoreRow<Name>[]> => {
    const keys = keyRange(range);
    if (keys === "none") return [];
    const rows = tx.objectStore(table);
    if (range.reverse) return fromTheLast(rows, keys, range.limit);
    const [names, values] = await Promise.all([
      ask(rows.getAllKeys(keys, range.limit)),
      ask(rows.getAll(keys, range.limit)),
    ]);
    return names.map((name, i) => [String(name), values[i]]);
  },
});

const keyRange = ({ from, before }: KeyRange): IDBKeyRange | undefined | "none" => {
  if (from === undefined) return before === undefined ? undefined : IDBKeyRange.upperBound(before, true);
  if (before === undefined) return IDBKeyRange.lowerBound(from);
  return from < before ? IDBKeyRange.bound(from, before, false, true) : "none";
};

const fromTheLast = <Name extends TableName>(
  rows: IDBObjectStore,
  keys: IDBKeyRange | undefined,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly StoreRow<Name>[]> =>
  new Promise((resolve, reject) => {
    const found: StoreRow<Name>[] = [];
    const request = rows.openCursor(keys, "prev");
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) return resolve(found);
      found.push([String(cursor.key), cursor.value]);
      if (found.length >= limit) resolve(found);
      else cursor.continue();
    };
  });

const commit = (tx: IDBTransaction): void => {
  try {
    tx.commit();
  } catch {
    // It is about to end, and will report how.
  }
};

/** Describes a failure of the database for the caller. */
const failure = (name: string, error: unknown): MeterError => {
  if (error instanceof MeterError) return error;
  const isFull = error instanceof Error && error.name === "QuotaExceededError";
  const hint = isFull ? "the browser's storage quota is used up: " : "";
  const words = error instanceof Error ? error.message || error.name : String(error);
  return new MeterError(isFull ? "no_room" : "outbox_failed", `${name}: ${hint}${words}`, { cause: error });
};
