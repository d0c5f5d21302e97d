import { MeterError, TABLE_NAMES } from "@meter-lib/core/store";

/** Locks for browsers without Web Locks. */
export const LOCK_ROWS = "locks";

const OBJECT_STORES = [...TABLE_NAMES, LOCK_ROWS];
const VERSION = 1;

/** The database of a page: opened on demand, reopened after the browser closed it, and closed while the page is suspended. */
export class StoreDatabase {
  readonly #name: string;
  readonly #openTimeoutMs: number;
  #current: Promise<IDBDatabase> | undefined;
  /** While the page is suspended: resolves when it resumes. */
  #sleep: PromiseWithResolvers<void> | undefined;
  #isOver = false;

  constructor(name: string, openTimeoutMs: number) {
    this.#name = name;
    this.#openTimeoutMs = openTimeoutMs;
  }

  get isAsleep(): boolean {
    return this.#sleep !== undefined;
  }

  /** A transaction over all tables with exclusive access. */
  async begin(): Promise<IDBTransaction> {
    for (let attempt = 1; ; attempt++) {
      while (this.#sleep !== undefined) await this.#sleep.promise;
      if (this.#isOver) throw new MeterError("closed", `indexeddb ${this.#name} is closed`);
      const opening = this.#get();
      try {
        return (await opening).transaction(OBJECT_STORES, "readwrite", { durability: "strict" });
      } catch (error) {
        this.#forget(opening);
        // The browser closed it, or the page was suspended while it opened: try once more.
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

  /** Closes it permanently. */
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
      request.onblocked = () => fail("a page with an older version blocks it");
      request.onupgradeneeded = () => {
        // A page that is suspended before this ends would keep all others from opening the database.
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
        // Too late: the caller was told that it failed. The next call opens it again.
        if (hasFailed || this.isAsleep) database.close();
        // Close for a newer version, or for the deletion of the database.
        database.onclose = database.onversionchange = () => this.#forget(opening);
        resolve(database);
      };
    });
    return opening;
  }
}
