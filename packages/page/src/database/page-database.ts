import { type Deferred, deferred } from "../delivery/deferred.ts";
import type { Emit } from "../delivery/page-emitter.ts";
import { NEVER } from "../delivery/page-entry.ts";
import type { DeadLetter } from "../delivery/page-events.ts";
import { pageEventId } from "../event/page-event-id.ts";
import { type WireEvent, wireEvent } from "../event/wire-event.ts";
import type { PageRow, SessionRow } from "../sessions/session-row.ts";
import { abort, ask, ending } from "./indexed-db.ts";

const HEAD = "head";
const STORES = ["events", "letters", "pages", "departures", HEAD] as const;
const RETRY_MS = 5_000;
const GAVE_WAY = /* @__PURE__ */ new Error("the transaction gave way");
/** A completed transaction is on the disk. */
const STRICT = { durability: "strict" } as const;

/** What a page notes as it is left, without reading before; the next page adds it to the head. */
export interface Departure {
  /** What the head does not count yet of the events that the page wrote. */
  readonly bytes: number;
  /** Since when events may have been sent, by id. */
  readonly sent: readonly (readonly [event_id: string, at: number])[];
}

/** One row that is read before it is written: what ended, the sessions that are on, and who drains where there are no Web Locks. */
export interface Head {
  /** Distinguishes this database from one of the same name that the browser deleted. */
  readonly epoch: string;
  acknowledged: number;
  rejected: number;
  quarantined: number;
  /** Of the events that wait; what pages wrote a moment ago is missing. */
  bytes: number;
  /** Since when events may have been sent. */
  readonly sent: Map<string, number>;
  /** By scope: sessions with the same scope are one session. */
  readonly sessions: Map<string, SessionRow>;
  lease?: { readonly owner: string; readonly until: number } | undefined;
}

/** What waits, as text, what ended other than well, the pages in sessions, and what pages noted that were left. */
export interface Rows {
  readonly events: IDBObjectStore;
  readonly letters: IDBObjectStore;
  readonly pages: IDBObjectStore;
  readonly departures: IDBObjectStore;
  readonly head: Head;
  /** Runs a callback when all of it is done. */
  after(step: () => void): void;
}

export interface PageDatabaseOptions {
  /** The database's name. */
  readonly name: string;
  readonly openTimeoutMs: number;
  readonly emit: Emit;
  /** Called for each database that is opened: see `Head.epoch`. */
  readonly opened: (epoch: string) => void;
}

export interface PageDatabase {
  /**
   * Adds events in the task that calls it, so without reading before. Undefined: it is not open. Rejects when nothing was written, as
   * where an event of the same id is there, and when the page slept meanwhile.
   */
  write(events: readonly WireEvent[], departure?: Departure): Promise<void> | undefined;
  /** Runs everything in one transaction, restarted if the page was suspended. Undefined if the database fails and nothing was done. */
  change<Answer>(work: (rows: Rows) => Promise<Answer>): Promise<Answer | undefined>;
  isDown(): boolean;
  /** Registers a page in the calling task, if the database is open: for a page that is left. */
  putNow(page: PageRow): void;
  sleep(): void;
  wake(): void;
  /** @param erase - deletes the database, for other pages too */
  close(erase: boolean): void;
}

export const getEvent = async ({ events }: Rows, event_id: string): Promise<WireEvent | undefined> => {
  const text: string | undefined = await ask(events.get(event_id));
  return text === undefined ? undefined : wireEvent(JSON.parse(text), text);
};

export const getLetter = ({ letters }: Rows, event_id: string): Promise<DeadLetter | undefined> =>
  ask(letters.get(event_id));

export const addEvent = ({ events, head }: Rows, { event, text, bytes }: WireEvent): void => {
  events.put(text, event.event_id);
  head.bytes += bytes;
};

/** Adds what pages noted as they were left to the head. */
export const countDepartures = async ({ departures, head }: Rows): Promise<void> => {
  const found: readonly Departure[] = await ask(departures.getAll());
  if (found.length > 0) departures.clear();
  for (const { bytes, sent } of found) {
    head.bytes += bytes;
    for (const [event_id, at] of sent) head.sent.set(event_id, Math.min(at, head.sent.get(event_id) ?? at));
  }
};

/** The database of a page: opened on demand, reopened after the browser closed it, and closed while the page is suspended. */
export const pageDatabase = ({ name, openTimeoutMs, emit, opened }: PageDatabaseOptions): PageDatabase => {
  let opening: Promise<IDBDatabase> | undefined;
  let current: IDBDatabase | undefined;
  let asleep: Deferred<void> | undefined;
  let sleeps = 0;
  let downUntil = 0;
  /** How to abort each transaction, and whether it yields to what is written in a task that may be the page's last. */
  const active = new Map<
    IDBTransaction,
    { readonly giveUp: (error: unknown) => void; readonly givesWay: boolean }
  >();

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
        // A page that is suspended before it sees the result would keep all others from opening the database.
        if (asleep) request.transaction?.abort();
        else {
          for (const store of STORES) request.result.createObjectStore(store, { autoIncrement: true });
          const head = {
            epoch: pageEventId(0),
            acknowledged: 0,
            rejected: 0,
            quarantined: 0,
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
        // Close for a newer version, or for the deletion of the database.
        db.onclose = db.onversionchange = () => (current === db ? forget() : db.close());
        try {
          const { epoch }: Head = await ask(db.transaction(HEAD).objectStore(HEAD).get(HEAD));
          clearTimeout(timer);
          // A late one replaces what was opened in the meantime.
          forget();
          current = db;
          opened(epoch);
          resolve(db);
        } catch (error) {
          db.close();
          reject(error);
        }
      };
    });

  const open = async () => {
    if (current) return current;
    opening ??= connect();
    return opening;
  };

  /**
   * Rejects with the transaction, or when the page is suspended: Firefox does not report what it aborts on the way to its back/forward
   * cache.
   */
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
    const heads = tx.objectStore(HEAD);
    const head: Head = await ask(heads.get(HEAD));
    const answer = await work({
      events: tx.objectStore("events"),
      letters: tx.objectStore("letters"),
      pages: tx.objectStore("pages"),
      departures: tx.objectStore("departures"),
      head,
      after: (step) => steps.push(step),
    });
    heads.put(head, HEAD);
    await ended;
    // If it was aborted in the meantime, it is repeated.
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
        // The browser may have just closed it: try once more with a new one.
        if (wasOpen || sleeps > turn) continue;
        if (downUntil === 0) emit("volatile", { error });
        downUntil = performance.now() + RETRY_MS;
      }
    }
    return undefined;
  };

  /** Starts a transaction that is committed before this returns. Undefined if the database is not open. */
  const writeNow = (isLeaving: boolean, write: (tx: IDBTransaction) => void): Promise<void> | undefined => {
    if (current === undefined) return undefined;
    // It would not start behind another transaction, and a browser drops transactions that have not started with the page.
    for (const [tx, { giveUp, givesWay }] of active)
      if ((givesWay || isLeaving) && abort(tx)) {
        active.delete(tx);
        giveUp(GAVE_WAY);
      }
    try {
      const tx = current.transaction(["events", "pages", "departures"], "readwrite", STRICT);
      write(tx);
      tx.commit();
      return unlessAsleep(tx, ending(tx));
    } catch {
      // The browser has just closed it.
      return undefined;
    }
  };

  const sleep = () => {
    asleep ??= deferred();
    sleeps++;
    // A suspended page cannot end them, and all others would wait.
    for (const [tx, { giveUp }] of active) {
      abort(tx);
      giveUp(new Error("the page was suspended"));
    }
    active.clear();
    forget();
  };

  // At once: what is recorded before it is open is in memory only.
  if ("indexedDB" in globalThis) open().catch(() => {});

  return {
    write: (events, departure) =>
      writeNow(departure !== undefined, (tx) => {
        const rows = tx.objectStore("events");
        for (const { event, text } of events) rows.add(text, event.event_id);
        if (departure) tx.objectStore("departures").add(departure);
      }),
    change,
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
