import { MayHaveCommitted, type Store } from "@meter-lib/core/store";
import { OpenedOutbox, SAMPLE_TIME, sampleEvent, sampleEvents } from "@meter-lib/testing";
import { afterEach, describe, expect, test } from "vitest";
import { deleteDatabase } from "../../test/delete-database.ts";
import { indexedDbOutbox } from "./indexed-db-outbox.ts";
import type { IndexedDbOutboxOptions } from "./indexed-db-outbox-options.ts";
import { indexedDbStore } from "./indexed-db-store.ts";

let names = 0;
let name = "";
const outboxes: OpenedOutbox[] = [];
const stores: Store[] = [];

const opened = async (options: IndexedDbOutboxOptions = {}): Promise<OpenedOutbox> => {
  const outbox = await OpenedOutbox.open(indexedDbOutbox({ name, ...options }));
  outboxes.push(outbox);
  return outbox;
};

const openedStore = async (): Promise<Store> => {
  const store = indexedDbStore({ name, openTimeoutMs: 5_000, leaseMs: 90_000 });
  stores.push(store);
  await store.open();
  return store;
};

/** As the browser does when it freezes the page: everything in it lets go of its locks and of the database. */
const freeze = () => document.dispatchEvent(new Event("freeze"));
const resume = () => document.dispatchEvent(new Event("resume"));

/** Resolves when nobody holds a lock of this database any more. */
const locksReleased = async (): Promise<void> => {
  for (;;) {
    const { held = [] } = await navigator.locks.query();
    if (!held.some((lock) => lock.name?.startsWith(`${name} `))) return;
  }
};

const setUp = () => {
  name = `owners ${names++}`;
};

/** Opens a database as another version of this package, or another program, would. */
const openVersion = (version: number): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

afterEach(async () => {
  for (const outbox of outboxes.splice(0)) await outbox.close();
  for (const store of stores.splice(0)) await store.close();
  await deleteDatabase(name);
});

describe("an owner whose page was frozen", () => {
  test("goes on when nobody took over; what is asked of it in its sleep waits", async () => {
    setUp();
    const outbox = await opened();
    const events = sampleEvents(2);
    await outbox.append(events);
    freeze();
    await locksReleased();
    const leased = outbox.lease(events);
    const other = await openedStore();
    await other.transact((tx) => tx.put("bodies", "meanwhile", "the database is free"));
    resume();
    expect((await leased).taken).toEqual([]);
    const [next] = sampleEvents(1);
    if (next === undefined) throw new Error("one event");
    expect(await outbox.append([next])).toMatchObject([{ seq: 3 }]);
    expect(next.producer).toBe(events[0]?.producer);
    expect(await (await opened()).claimIds(), "it has its lock again").toEqual([]);
    expect((await outbox.acknowledge([...events, next])).pendingEvents).toBe(0);
  });

  test("loses its events to a page that claims, and is told when it wants to send them", async () => {
    setUp();
    const sleeper = await opened();
    const [waiting, sent] = [sampleEvent(), sampleEvent()];
    await sleeper.append([waiting, sent]);
    await sleeper.lease([sent], SAMPLE_TIME + 2);
    freeze();
    await locksReleased();
    const other = await opened();
    const { events } = await other.claim();
    expect(events).toMatchObject([
      { event_id: waiting.event_id, first_sent_at: undefined },
      { event_id: sent.event_id, first_sent_at: SAMPLE_TIME + 2, attempts: 1 },
    ]);
    resume();
    expect((await sleeper.lease([waiting])).taken).toHaveLength(1);
    expect((await sleeper.release([sent])).taken).toHaveLength(1);
    expect((await sleeper.spill([waiting])).taken).toHaveLength(1);
    expect(await sleeper.claimIds(), "it cannot give away what is not its own").toEqual([]);
    const [next] = sampleEvents(1);
    if (next === undefined) throw new Error("one event");
    await sleeper.append([next]);
    expect(next.producer, "numbers of a producer do not begin anew").not.toBe(waiting.producer);
    expect(await other.claimIds(), "what it records now is its own").toEqual([]);
    await other.acknowledge(events);
    expect(await other.figures()).toEqual({ recorded: 3, acknowledged: 2, pending: 1 });
  });

  test("begins a transaction anew that was open when the page fell asleep, and others need not wait for it", async () => {
    setUp();
    const store = await openedStore();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    let times = 0;
    const answer = store.transact(async (tx) => {
      times++;
      const [before = 0] = (await tx.get("accounts", "key")) ?? [];
      begin();
      // A page is frozen between two tasks: there, its transaction is still open.
      for (let step = 0; step < 200; step++) await tx.get("accounts", "key");
      tx.put("accounts", "key", [before + 1]);
      return before;
    });
    await begun;
    freeze();
    const other = await openedStore();
    await other.transact((tx) => tx.put("accounts", "key", [10]));
    expect(times).toBe(1);
    resume();
    expect(await answer, "it sees what others did meanwhile").toBe(10);
    expect(times).toBe(2);
    expect(await other.transact((tx) => tx.get("accounts", "key"))).toEqual([11]);
  });

  /** Has the page fall asleep when the next transaction has been told to commit. */
  const freezeInCommit = (hears: boolean): Promise<void> => {
    const { promise: frozen, resolve } = Promise.withResolvers<void>();
    const { commit } = IDBTransaction.prototype;
    IDBTransaction.prototype.commit = function (this: IDBTransaction): void {
      IDBTransaction.prototype.commit = commit;
      commit.call(this);
      if (!hears) this.oncomplete = null;
      freeze();
      resolve();
    };
    return frozen;
  };

  test("hears of a transaction that was being committed when the page fell asleep", async () => {
    setUp();
    const store = await openedStore();
    const frozen = freezeInCommit(true);
    const answer = store.transact((tx) => tx.put("accounts", "key", [1]));
    await frozen;
    resume();
    await answer;
    expect(await store.transact((tx) => tx.get("accounts", "key"))).toEqual([1]);
  });

  test("says that it does not know when the browser never tells how a transaction ended", async () => {
    setUp();
    const store = await openedStore();
    const frozen = freezeInCommit(false);
    const answer = store.transact((tx) => tx.put("accounts", "key", [1]));
    const refused = expect(answer).rejects.toBeInstanceOf(MayHaveCommitted);
    await frozen;
    const other = await openedStore();
    await other.transact((tx) => tx.get("accounts", "key"));
    resume();
    await refused;
    expect(await store.transact((tx) => tx.get("accounts", "key")), "the store works").toEqual([1]);
  });
});

describe("without Web Locks", () => {
  const without = async (work: () => Promise<void>): Promise<void> => {
    const own = Object.getOwnPropertyDescriptor(Navigator.prototype, "locks");
    Object.defineProperty(Navigator.prototype, "locks", { configurable: true, get: () => undefined });
    try {
      await work();
    } finally {
      if (own !== undefined) Object.defineProperty(Navigator.prototype, "locks", own);
    }
  };

  test("an owner is dead when it gave no sign of life for as long as the lease", () =>
    without(async () => {
      setUp();
      const silent = await opened({ leaseMs: 600_000 });
      const events = sampleEvents(1);
      await silent.append(events);
      expect(await (await opened({ leaseMs: 600_000 })).claimIds()).toEqual([]);
      const hasty = await opened({ leaseMs: 1 });
      const { promise: later, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, 5);
      await later;
      expect(await hasty.claimIds()).toEqual(events.map(({ event_id }) => event_id));
      expect((await silent.lease(events)).taken).toHaveLength(1);
    }));

  test("an owner that is closed gives its lock back", () =>
    without(async () => {
      setUp();
      const store = await openedStore();
      const first = await store.lock("name");
      expect(await store.isLocked("name")).toBe(true);
      const other = await openedStore();
      expect(await other.lock("name")).toBeUndefined();
      await first?.release();
      expect(await other.isLocked("name")).toBe(false);
      expect(await other.transact(() => other.isLocked("name"))).toBe(false);
      const second = await other.lock("name");
      expect(await second?.isHeld()).toBe(true);
    }));
});

describe("a database that does not work", () => {
  test("the outbox says so, and works when the database does", async () => {
    setUp();
    (await openVersion(99)).close();
    const outbox = indexedDbOutbox({ name });
    await expect(outbox.open()).rejects.toMatchObject({ name: "MeterError", code: "outbox_failed" });
    await deleteDatabase(name);
    const works = await OpenedOutbox.open(outbox);
    outboxes.push(works);
    expect(await works.append(sampleEvents(1))).toMatchObject([{ state: "recorded" }]);
  });

  test("a browser without IndexedDB is one whose outbox does not work", async () => {
    setUp();
    const own = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
    Object.defineProperty(globalThis, "indexedDB", { configurable: true, get: () => undefined });
    try {
      await expect(indexedDbOutbox({ name }).open()).rejects.toMatchObject({ code: "outbox_failed" });
    } finally {
      if (own !== undefined) Object.defineProperty(globalThis, "indexedDB", own);
    }
  });

  test("an open outbox is not in the way of an upgrade", async () => {
    setUp();
    const outbox = await opened();
    await outbox.append(sampleEvents(1));
    const upgraded = await openVersion(99);
    await expect(outbox.append(sampleEvents(1))).rejects.toMatchObject({ code: "outbox_failed" });
    upgraded.close();
  });

  test("after the browser threw it away the outbox works on, under a new name", async () => {
    setUp();
    const outbox = await opened();
    const events = sampleEvents(2);
    await outbox.append(events);
    await deleteDatabase(name);
    const [next] = sampleEvents(1);
    if (next === undefined) throw new Error("one event");
    await outbox.append([next]);
    expect(next.seq).toBe(1);
    expect(next.producer).not.toBe(events[0]?.producer);
    expect(await outbox.figures(), "the accounts are those of the new database").toEqual({
      recorded: 1,
      pending: 1,
    });
  });

  test("what the work throws comes out as it is, and what the database throws as a MeterError", async () => {
    setUp();
    const store = await openedStore();
    const own = new Error("of the work");
    const failing = async () => {
      await store.transact(() => {
        throw own;
      });
    };
    await expect(failing()).rejects.toBe(own);
    await store.close();
    await expect(failing()).rejects.toMatchObject({ name: "MeterError", code: "closed" });
  });
});

test("options that make no sense are named", () => {
  expect(() =>
    indexedDbOutbox({ name: "", limits: { maxEvents: 0 }, retention: { ledgerMs: -1 }, leaseMs: -1 }),
  ).toThrowError(/name: .*limits\.maxEvents: .*retention\.ledgerMs: .*leaseMs: /s);
});
