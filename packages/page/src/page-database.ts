import { emptyAccount, type PageEvent } from "@meter-lib/core";
import type { Emit } from "./page-emitter.ts";
import { NEVER } from "./page-entry.ts";
import { pageEventId } from "./page-event-id.ts";
import type { DeadLetter } from "./page-events.ts";
import type { PageRow, SessionRow } from "./session-row.ts";

const HEAD = "head";
const STORES = ["events", "letters", "pages", HEAD] as const;
const RETRY_MS = 5_000;

/** An event that waits in the database. */
export interface EventRow {
  readonly event: PageEvent;
  readonly bytes: number;
  readonly exposed_at?: number | undefined;
  readonly sent_at?: number | undefined;
}

/** One row: the account of the events in the database, the sessions that are on, and who drains where there are no Web Locks. */
export interface Head extends ReturnType<typeof emptyAccount> {
  /** Tells this database from one of the same name that the browser threw away. */
  readonly epoch: string;
  bytes: number;
  /** By scope: sessions of one scope are one session. */
  readonly sessions: Map<string, SessionRow>;
  lease?: { readonly owner: string; readonly until: number } | undefined;
}

/** What waits, what ended other than well, and the pages in sessions. */
export interface Rows {
  readonly events: IDBObjectStore;
  readonly letters: IDBObjectStore;
  readonly pages: IDBObjectStore;
  readonly head: Head;
  /** Does something when all of it is done. */
  after(step: () => void): void;
}

export interface PageDatabaseOptions {
  /** The database's name. */
  readonly name: string;
  readonly openTimeoutMs: number;
  readonly emit: Emit;
  /** Told of each change that is done, and in which database: see `Head.epoch`. */
  readonly committed: (epoch: string) => void;
}

export interface PageDatabase {
  /** Everything in one transaction, begun anew when the page slept meanwhile. Undefined: nothing was done, the database does not work. */
  change<Answer>(work: (rows: Rows) => Promise<Answer>): Promise<Answer | undefined>;
  isDown(): boolean;
  /** Notes in the task that calls it that a page is there, for a page that is left: if the database is open. */
  putNow(page: PageRow): void;
  sleep(): void;
  wake(): void;
  close(): void;
}

export const ask = <Answer>(request: IDBRequest<Answer>): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export const getEvent = ({ events }: Rows, event_id: string): Promise<EventRow | undefined> =>
  ask(events.get(event_id));

export const getLetter = ({ letters }: Rows, event_id: string): Promise<DeadLetter | undefined> =>
  ask(letters.get(event_id));

/** Adds a row and counts it. */
export const addEvent = ({ events, head }: Rows, row: EventRow): void => {
  events.put(row, row.event.event_id);
  head.recorded++;
  head.pending++;
  head.bytes += row.bytes;
};

/** The database of a page: opened when it is needed, again after the browser closed it, and closed while the page sleeps. */
export const pageDatabase = ({ name, openTimeoutMs, emit, committed }: PageDatabaseOptions): PageDatabase => {
  let opening: Promise<IDBDatabase> | undefined;
  let current: IDBDatabase | undefined;
  let asleep: PromiseWithResolvers<void> | undefined;
  let sleeps = 0;
  let downUntil = 0;
  const active = new Set<IDBTransaction>();

  const forget = () => {
    current?.close();
    current = opening = undefined;
  };

  const connect = () =>
    new Promise<IDBDatabase>((resolve, reject) => {
      const late = new Error(`${name} did not open within ${openTimeoutMs} ms`);
      const timer = setTimeout(reject, openTimeoutMs, late);
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => {
        // A page that sleeps before it hears of the end would keep all others from opening it.
        if (asleep) request.transaction?.abort();
        else for (const store of STORES) request.result.createObjectStore(store);
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        clearTimeout(timer);
        // One that is late takes the place of what was opened meanwhile.
        forget();
        current = request.result;
        // A newer version, or the end of the database, must not have to wait for this page.
        current.onclose = current.onversionchange = forget;
        resolve(current);
      };
    });

  const open = () => {
    if (current) return current;
    opening ??= connect();
    return opening;
  };

  const begin = (db: IDBDatabase) => db.transaction(STORES, "readwrite", { durability: "strict" });

  const run = async <Answer>(tx: IDBTransaction, work: (rows: Rows) => Promise<Answer>): Promise<Answer> => {
    const steps: (() => void)[] = [];
    const ended = new Promise((resolve, reject) => {
      tx.oncomplete = resolve;
      tx.onabort = () => reject(tx.error);
    });
    ended.catch(() => {});
    const heads = tx.objectStore(HEAD);
    const found: Head | undefined = await ask(heads.get(HEAD));
    const head = found ?? { ...emptyAccount(), epoch: pageEventId(0), bytes: 0, sessions: new Map() };
    const answer = await work({
      events: tx.objectStore("events"),
      letters: tx.objectStore("letters"),
      pages: tx.objectStore("pages"),
      head,
      after: (step) => steps.push(step),
    });
    heads.put(head, HEAD);
    await ended;
    committed(head.epoch);
    for (const step of steps) step();
    return answer;
  };

  const change: PageDatabase["change"] = async (work) => {
    while (performance.now() >= downUntil) {
      await asleep?.promise;
      const turn = sleeps;
      const wasOpen = current !== undefined;
      let tx: IDBTransaction | undefined;
      try {
        tx = begin(await open());
        active.add(tx);
        const answer = await run(tx, work);
        if (downUntil > 0 && turn === sleeps) {
          downUntil = 0;
          emit("durable", {});
        }
        return answer;
      } catch (error) {
        abort(tx);
        forget();
        // The browser may have closed it a moment ago: then once more with a new one.
        if (wasOpen || sleeps > turn) continue;
        if (downUntil === 0) emit("volatile", { error });
        downUntil = performance.now() + RETRY_MS;
      } finally {
        if (tx) active.delete(tx);
      }
    }
    return undefined;
  };

  const sleep = () => {
    asleep ??= Promise.withResolvers();
    sleeps++;
    // A page that sleeps cannot end them, and all others would wait.
    active.forEach(abort);
    forget();
  };

  return {
    change,
    isDown: () => downUntil > 0,
    putNow: (page) => {
      if (current === undefined) return;
      try {
        const tx = begin(current);
        tx.objectStore("pages").put(page, page.producer);
        tx.commit();
      } catch {
        // The browser closed it a moment ago.
      }
    },
    sleep,
    wake: () => {
      asleep?.resolve();
      asleep = undefined;
    },
    close: () => {
      downUntil = NEVER;
      sleep();
    },
  };
};

const abort = (tx: IDBTransaction | undefined): void => {
  try {
    tx?.abort();
  } catch {
    // It has ended, or is about to.
  }
};
