import { MeterError, TABLE_NAMES } from "@meter-lib/core/store";

/** Locks of a browser without Web Locks. */
export const LOCK_ROWS = "locks";

const OBJECT_STORES = [...TABLE_NAMES, LOCK_ROWS];
const VERSION = 1;

/** The database of a page: opened when it is needed, again after the browser closed it, and not while the page sleeps. */
export class PageDatabase {
  readonly #name: string;
  readonly #openTimeoutMs: number;
  #current: Promise<IDBDatabase> | undefined;
  /** While the page sleeps: resolves when it has woken. */
  #sleep: PromiseWithResolvers<void> | undefined;
  #isOver = false;

  constructor(name: string, openTimeoutMs: number) {
    this.#name = name;
    this.#openTimeoutMs = openTimeoutMs;
  }

  get isAsleep(): boolean {
    return this.#sleep !== undefined;
  }

  /** A transaction over all tables that has the database to itself. */
  async begin(): Promise<IDBTransaction> {
    for (let attempt = 1; ; attempt++) {
      while (this.#sleep !== undefined) await this.#sleep.promise;
      if (this.#isOver) throw new MeterError("closed", `indexeddb ${this.#name} is closed`);
      const opening = this.#get();
      try {
        return (await opening).transaction(OBJECT_STORES, "readwrite", { durability: "strict" });
      } catch (error) {
        this.#forget(opening);
        // The browser closed it a moment ago, or the page slept while it was opened: then once more.
        const isClosed = error instanceof DOMException && error.name === "InvalidStateError";
        if (!this.isAsleep && !(isClosed && attempt === 1)) throw error;
      }
    }
  }

  sleep(): void {
    this.#sleep ??= Promise.withResolvers();
    this.#close();
  }

  wake(): void {
    this.#sleep?.resolve();
    this.#sleep = undefined;
  }

  /** Closes it for good. */
  end(): void {
    this.#isOver = true;
    this.#close();
    this.wake();
  }

  #close(): void {
    if (this.#current !== undefined) this.#forget(this.#current);
  }

  #get(): Promise<IDBDatabase> {
    this.#current ??= this.#open();
    return this.#current;
  }

  #forget(opening: Promise<IDBDatabase>): void {
    if (this.#current === opening) this.#current = undefined;
    opening.then((database) => database.close()).catch(() => {});
  }

  #open(): Promise<IDBDatabase> {
    const opening = new Promise<IDBDatabase>((resolve, reject) => {
      const late = setTimeout(
        () => fail(`did not open within ${this.#openTimeoutMs} ms`),
        this.#openTimeoutMs,
      );
      let hasFailed = false;
      const fail = (why: string): void => {
        hasFailed = true;
        clearTimeout(late);
        reject(new MeterError("outbox_failed", `indexeddb ${this.#name}: ${why}`));
      };
      const request = indexedDB.open(this.#name, VERSION);
      request.onblocked = () => fail("a page with an older version keeps it from opening");
      request.onupgradeneeded = () => {
        // A page that sleeps before it hears of the end of this would keep all others from opening the database.
        if (this.isAsleep) request.transaction?.abort();
        else for (const name of OBJECT_STORES) request.result.createObjectStore(name);
      };
      request.onerror = () => {
        clearTimeout(late);
        reject(request.error);
      };
      request.onsuccess = () => {
        clearTimeout(late);
        const database = request.result;
        // Too late: whoever asked was told that it does not work. The next one opens it anew.
        if (hasFailed || this.isAsleep) database.close();
        // A newer version, and whoever deletes the database, must not have to wait for this page.
        database.onclose = database.onversionchange = () => this.#forget(opening);
        resolve(database);
      };
    });
    return opening;
  }
}

/** The answer to a request. */
export const ask = <Answer>(request: IDBRequest<Answer>): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Resolves when it is done; rejects with why it is not. */
export const endOf = (tx: IDBTransaction): Promise<void> => {
  const end = new Promise<void>((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
  // It is heard where it is waited for.
  end.catch(() => {});
  return end;
};
