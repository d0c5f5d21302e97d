import { emptyAccount } from "@meter-lib/core/store";
import type { PageEvent } from "@meter-lib/core/wire";
import { type Deferred, deferred } from "./deferred.ts";
import type { Emit } from "./page-emitter.ts";
import { NEVER } from "./page-entry.ts";
import { pageEventId } from "./page-event-id.ts";
import type { DeadLetter } from "./page-events.ts";
import type { PageRow, SessionRow } from "./session-row.ts";

const HEAD = "head";
const STORES = ["events", "letters", "pages", "counters", HEAD] as const;
const RETRY_MS = 5_000;
const GAVE_WAY = /* @__PURE__ */ new Error("the transaction gave way");
/** A transaction that is complete is on the disk. */
const STRICT = { durability: "strict" } as const;

/** An event that waits in the database. */
export interface EventRow {
  readonly event: PageEvent;
  readonly bytes: number;
}

/** What one page writes without reading before, while it has the database open. Sums of all of them, and of the head, are right. */
export interface PageCounter {
  readonly id: string;
  /** The page. */
  readonly by: string;
  seen_at: number;
  recorded: number;
  bytes: number;
  /** Since when events may have been sent, by a page that was left. */
  readonly sent: Map<string, number>;
}

/** One row that is read before it is written: the account, the sessions that are on, and who drains where there are no Web Locks. */
export interface Head extends ReturnType<typeof emptyAccount> {
  /** Tells this database from one of the same name that the browser threw away. */
  readonly epoch: string;
  bytes: number;
  /** Since when events may have been sent. */
  readonly sent: Map<string, number>;
  /** By scope: sessions of one scope are one session. */
  readonly sessions: Map<string, SessionRow>;
  lease?: { readonly owner: string; readonly until: number } | undefined;
}

/** What waits, what ended other than well, the pages in sessions, and what pages wrote on their own. */
export interface Rows {
  readonly events: IDBObjectStore;
  readonly letters: IDBObjectStore;
  readonly pages: IDBObjectStore;
  readonly counters: IDBObjectStore;
  readonly head: Head;
  /** Does something when all of it is done. */
  after(step: () => void): void;
}

export interface PageDatabaseOptions {
  /** The database's name. */
  readonly name: string;
  /** The page that opens it. */
  readonly me: string;
  readonly openTimeoutMs: number;
  readonly emit: Emit;
  /** Told of each database that is opened: see `Head.epoch`. */
  readonly opened: (epoch: string) => void;
}

export interface PageDatabase {
  /**
   * Adds rows in the task that calls it, so without reading before, and notes what the page's own counter says. Undefined: it is not
   * open. Rejects when nothing was written, as where a row of the same id is there, and when the page slept meanwhile.
   */
  write(rows: readonly EventRow[], isLeaving?: boolean): Promise<void> | undefined;
  /** Everything in one transaction, begun anew when the page slept meanwhile. Undefined: nothing was done, the database does not work. */
  change<Answer>(work: (rows: Rows) => Promise<Answer>): Promise<Answer | undefined>;
  /** The page's own counter, to be noted with the next `write`; undefined while the database is not open. */
  counter(): PageCounter | undefined;
  isDown(): boolean;
  /** Notes in the task that calls it that a page is there, for a page that is left: if the database is open. */
  putNow(page: PageRow): void;
  sleep(): void;
  wake(): void;
  /** @param erase - throws the database away, for other pages too */
  close(erase: boolean): void;
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

export const getCounters = ({ counters }: Rows): Promise<readonly PageCounter[]> => ask(counters.getAll());

/** Adds a row and counts it. */
export const addEvent = ({ events, head }: Rows, row: EventRow): void => {
  events.put(row, row.event.event_id);
  head.recorded++;
  head.bytes += row.bytes;
};

/** The database of a page: opened when it is needed, again after the browser closed it, and closed while the page sleeps. */
export const pageDatabase = ({
  name,
  me,
  openTimeoutMs,
  emit,
  opened,
}: PageDatabaseOptions): PageDatabase => {
  let opening: Promise<IDBDatabase> | undefined;
  let current: { readonly db: IDBDatabase; readonly counter: PageCounter } | undefined;
  let asleep: Deferred<void> | undefined;
  let sleeps = 0;
  let downUntil = 0;
  /** How to give up each transaction, and whether it gives way to what is written in a task that may be the page's last. */
  const active = new Map<
    IDBTransaction,
    { readonly giveUp: (error: unknown) => void; readonly givesWay: boolean }
  >();

  const forget = () => {
    current?.db.close();
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
        else {
          for (const store of STORES) request.result.createObjectStore(store);
          const head = {
            ...emptyAccount(),
            epoch: pageEventId(0),
            bytes: 0,
            sent: new Map(),
            sessions: new Map(),
          };
          request.transaction?.objectStore(HEAD).put(head satisfies Head, HEAD);
        }
      };
      request.onerror = () => reject(request.error);
      request.onsuccess = async () => {
        const db = request.result;
        // A newer version, or the end of the database, must not have to wait for this page.
        db.onclose = db.onversionchange = () => (current?.db === db ? forget() : db.close());
        try {
          const { epoch }: Head = await ask(db.transaction(HEAD).objectStore(HEAD).get(HEAD));
          clearTimeout(timer);
          // One that is late takes the place of what was opened meanwhile.
          forget();
          const counter = {
            id: pageEventId(Date.now()),
            by: me,
            seen_at: 0,
            recorded: 0,
            bytes: 0,
            sent: new Map(),
          };
          current = { db, counter };
          opened(epoch);
          resolve(db);
        } catch (error) {
          db.close();
          reject(error);
        }
      };
    });

  const open = async () => {
    if (current) return current.db;
    opening ??= connect();
    return opening;
  };

  /** Rejects with the transaction, and when the page sleeps: Firefox says nothing of what was aborted on the way to its back/forward cache. */
  const unlessAsleep = <Answer>(
    tx: IDBTransaction,
    work: Promise<Answer>,
    givesWay = false,
  ): Promise<Answer> =>
    new Promise<Answer>((resolve, giveUp) => {
      active.set(tx, { giveUp, givesWay });
      work.then(resolve, giveUp);
    }).finally(() => active.delete(tx));

  const run = async <Answer>(tx: IDBTransaction, work: (rows: Rows) => Promise<Answer>): Promise<Answer> => {
    const steps: (() => void)[] = [];
    const ended = ending(tx);
    ended.catch(() => {});
    const heads = tx.objectStore(HEAD);
    const head: Head = await ask(heads.get(HEAD));
    const answer = await work({
      events: tx.objectStore("events"),
      letters: tx.objectStore("letters"),
      pages: tx.objectStore("pages"),
      counters: tx.objectStore("counters"),
      head,
      after: (step) => steps.push(step),
    });
    heads.put(head, HEAD);
    await ended;
    // Given up meanwhile, it is done again.
    if (active.has(tx)) for (const step of steps) step();
    return answer;
  };

  const change: PageDatabase["change"] = async (work) => {
    let hasGivenWay = false;
    while (performance.now() >= downUntil) {
      await asleep?.promise;
      const turn = sleeps;
      const wasOpen = current !== undefined;
      let tx: IDBTransaction | undefined;
      try {
        tx = (await open()).transaction(STORES, "readwrite", STRICT);
        const answer = await unlessAsleep(tx, run(tx, work), !hasGivenWay);
        if (downUntil > 0 && turn === sleeps) {
          downUntil = 0;
          emit("durable", {});
        }
        return answer;
      } catch (error) {
        if (error === GAVE_WAY) {
          hasGivenWay = true;
          continue;
        }
        abort(tx);
        forget();
        // The browser may have closed it a moment ago: then once more with a new one.
        if (wasOpen || sleeps > turn) continue;
        if (downUntil === 0) emit("volatile", { error });
        downUntil = performance.now() + RETRY_MS;
      }
    }
    return undefined;
  };

  /** Starts a transaction that is committed before this returns. Undefined: the database is not open. */
  const writeNow = (
    isLeaving: boolean,
    write: (tx: IDBTransaction, counter: PageCounter) => void,
  ): Promise<void> | undefined => {
    if (current === undefined) return undefined;
    const { db, counter } = current;
    // Behind another transaction it would not start, and a browser drops with its page what has not.
    for (const [tx, { giveUp, givesWay }] of active)
      if ((givesWay || isLeaving) && abort(tx)) {
        active.delete(tx);
        giveUp(GAVE_WAY);
      }
    try {
      const tx = db.transaction(["events", "pages", "counters"], "readwrite", STRICT);
      write(tx, counter);
      tx.commit();
      return unlessAsleep(tx, ending(tx));
    } catch {
      // The browser closed it a moment ago.
      return undefined;
    }
  };

  const sleep = () => {
    asleep ??= deferred();
    sleeps++;
    // A page that sleeps cannot end them, and all others would wait.
    for (const [tx, { giveUp }] of active) {
      abort(tx);
      giveUp(new Error("the page sleeps"));
    }
    active.clear();
    forget();
  };

  // At once: what is recorded before it is open is in memory only.
  if ("indexedDB" in globalThis) open().catch(() => {});

  return {
    write: (rows, isLeaving = false) => {
      const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
      let counted: PageCounter | undefined;
      const written = writeNow(isLeaving, (tx, counter) => {
        for (const row of rows) tx.objectStore("events").add(row, row.event.event_id);
        counted = counter;
        counter.recorded += rows.length;
        counter.bytes += bytes;
        counter.seen_at = Date.now();
        tx.objectStore("counters").put(counter, counter.id);
      });
      return written?.catch((error) => {
        if (counted !== undefined) {
          counted.recorded -= rows.length;
          counted.bytes -= bytes;
        }
        throw error;
      });
    },
    change,
    counter: () => current?.counter,
    isDown: () => downUntil > 0,
    putNow: (page) => {
      writeNow(true, (tx) => tx.objectStore("pages").put(page, page.producer))?.catch(() => {});
    },
    sleep,
    wake: () => {
      asleep?.resolve(undefined);
      asleep = undefined;
    },
    close: (erase) => {
      downUntil = NEVER;
      sleep();
      if (erase) indexedDB.deleteDatabase(name);
    },
  };
};

const ending = (tx: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });

/** False when it has ended, or is about to. */
const abort = (tx: IDBTransaction | undefined): boolean => {
  try {
    tx?.abort();
    return true;
  } catch {
    return false;
  }
};
