import { type Account, emptyAccount } from "@meter-lib/core";
import { pageEventId } from "./page-event-id.ts";

/** Everything is one store: events `["e", event_id]`, dead letters `"d"`, sessions `"s"`, who is in them `"p"`. */
const STORE = "page";
const TOTALS = "totals";

/** One row: the accounts of the events in the database, and who drains where there are no Web Locks. */
export interface Totals extends ReturnType<typeof emptyAccount> {
  /** Tells this database from one of the same name that the browser threw away. */
  readonly epoch: string;
  bytes: number;
  lease?: { readonly owner: string; readonly until: number } | undefined;
}

export type Work<Answer> = (rows: IDBObjectStore, totals: Totals) => Promise<Answer>;

export interface PageDatabase {
  /** Everything in one transaction. A rejected promise means that nothing of it was done. */
  change<Answer>(work: Work<Answer>): Promise<Answer>;
  /** Puts a row in the task that calls it, for a page that is left: if the database is open. */
  putNow(row: object, key: readonly string[]): void;
  account(): Promise<Account>;
  sleep(): void;
  wake(): void;
}

export const ask = <Answer>(request: IDBRequest<Answer>): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** All keys that begin so. Arrays come after texts. */
export const keysOf = (...key: readonly string[]): IDBKeyRange => IDBKeyRange.bound(key, [...key, []]);

/** The database of a page: opened when it is needed, again after the browser closed it, and closed while the page sleeps. */
export const pageDatabase = (name: string, openTimeoutMs: number): PageDatabase => {
  let opening: Promise<IDBDatabase> | undefined;
  let current: IDBDatabase | undefined;
  let asleep: PromiseWithResolvers<void> | undefined;
  let sleeps = 0;
  const active = new Set<IDBTransaction>();

  const forget = () => {
    current?.close();
    current = opening = undefined;
  };

  const connect = () =>
    new Promise<IDBDatabase>((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(new Error(`${name} did not open within ${openTimeoutMs} ms`));
      }, openTimeoutMs);
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => {
        // A page that sleeps before it hears of the end would keep all others from opening it.
        if (asleep === undefined) request.result.createObjectStore(STORE);
        else request.transaction?.abort();
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        clearTimeout(timer);
        if (isLate) request.result.close();
        else current = request.result;
        // A newer version, or the end of the database, must not have to wait for this page.
        request.result.onclose = request.result.onversionchange = forget;
        resolve(request.result);
      };
    });

  const open = async () => {
    for (;;) {
      await asleep?.promise;
      opening ??= connect();
      try {
        return await opening;
      } catch (error) {
        forget();
        if (asleep === undefined) throw error;
      }
    }
  };

  const begin = (db: IDBDatabase) => {
    const tx = db.transaction(STORE, "readwrite", { durability: "strict" });
    return { tx, rows: tx.objectStore(STORE) };
  };

  const changeOn = async <Answer>(db: IDBDatabase, work: Work<Answer>): Promise<Answer> => {
    const { tx, rows } = begin(db);
    active.add(tx);
    const ended = new Promise<void>((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(tx.error);
    });
    try {
      const totals = (await ask<Totals | undefined>(rows.get(TOTALS))) ?? {
        ...emptyAccount(),
        epoch: pageEventId(Date.now()),
        bytes: 0,
      };
      const answer = await work(rows, totals);
      rows.put(totals, TOTALS);
      await ended;
      return answer;
    } catch (error) {
      ended.catch(() => {});
      abort(tx);
      throw error;
    } finally {
      active.delete(tx);
    }
  };

  const change = async <Answer>(work: Work<Answer>, isRetry = false): Promise<Answer> => {
    const db = await open();
    const before = sleeps;
    try {
      return await changeOn(db, work);
    } catch (error) {
      if (sleeps > before) return change(work);
      // The browser closed it a moment ago: then once more with a new one.
      if (isRetry || !(error instanceof DOMException) || error.name !== "InvalidStateError") throw error;
      forget();
      return change(work, true);
    }
  };

  return {
    change: (work) => change(work),
    putNow: (row, key) => {
      if (current === undefined) return;
      try {
        const { tx, rows } = begin(current);
        rows.put(row, [...key]);
        tx.commit();
      } catch {
        // The browser closed it a moment ago.
      }
    },
    account: () => change(async (_, { epoch: _epoch, bytes: _bytes, lease: _lease, ...account }) => account),
    sleep: () => {
      asleep ??= Promise.withResolvers();
      sleeps++;
      // A page that sleeps cannot end them, and all others would wait.
      active.forEach(abort);
      forget();
    },
    wake: () => {
      asleep?.resolve();
      asleep = undefined;
    },
  };
};

const abort = (tx: IDBTransaction): void => {
  try {
    tx.abort();
  } catch {
    // It has ended, or is about to.
  }
};
