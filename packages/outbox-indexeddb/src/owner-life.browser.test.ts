import { EventRecord, NO_CHANGES, type Outbox, type OutboxChanges, type UsageEvent } from "@meter-lib/core";
import { deleteDB, openDB } from "idb";
import { afterEach, describe, expect, test } from "vitest";
import { indexedDbOutbox } from "./indexed-db-outbox.ts";
import type { IndexedDbOutboxOptions } from "./indexed-db-outbox-options.ts";

const NOW = Date.UTC(2026, 0, 15);
const NOTHING: OutboxChanges = { ...NO_CHANGES, now: NOW };

let ids = 0;
const usage = (): EventRecord => {
  const event: UsageEvent = {
    event_id: `event-${ids++}`,
    tenant_id: "tenant",
    device_id: "page",
    meter_id: "clicks",
    type: "volume",
    event_time: NOW,
    total_usage: 1,
    start_time: undefined,
    end_time: undefined,
    metadata: undefined,
    session_id: undefined,
  };
  return new EventRecord(event, 100, ids);
};

const open: Outbox[] = [];
let name = "";
const opened = async (options: IndexedDbOutboxOptions = {}): Promise<Outbox> => {
  const outbox = indexedDbOutbox({ name, ...options });
  open.push(outbox);
  await outbox.open();
  return outbox;
};
const append = (outbox: Outbox, event: EventRecord) =>
  outbox.commit({ ...NOTHING, append: [{ event, hold: true }] });
const claim = (outbox: Outbox) =>
  outbox.claim({ now: NOW, skipTenants: [], maxEvents: 100, maxBytes: 1_000_000 });
const claimedIds = async (outbox: Outbox) => (await claim(outbox)).events.map(({ event_id }) => event_id);

/** As the browser does when it freezes the page: every outbox in it lets go of its lock. */
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
  name = `owners ${ids++}`;
};

afterEach(async () => {
  for (const outbox of open.splice(0)) await outbox.close();
  await deleteDB(name);
});

describe("an owner that was frozen", () => {
  test("goes on when nobody took over", async () => {
    setUp();
    const outbox = await opened();
    const event = usage();
    await append(outbox, event);
    freeze();
    await locksReleased();
    const leased = outbox.commit({ ...NOTHING, lease: [event] });
    resume();
    expect(await leased, "what is asked of it in its sleep waits").not.toHaveProperty("taken");
    expect(await outbox.commit({ ...NOTHING, lease: [event] })).not.toHaveProperty("taken");
    expect(await outbox.commit({ ...NOTHING, acknowledge: [event] })).toMatchObject({ pendingEvents: 0 });
  });

  test("loses its events to a page that claims, and is told when it wants to send them", async () => {
    setUp();
    const sleeper = await opened();
    const [waiting, sent] = [usage(), usage()];
    await append(sleeper, waiting);
    await append(sleeper, sent);
    sent.attempts = 1;
    sent.firstSentAt = NOW;
    await sleeper.commit({ ...NOTHING, lease: [sent] });
    freeze();
    await locksReleased();
    const other = await opened();
    const { events } = await claim(other);
    expect(events).toMatchObject([
      { event_id: waiting.event_id, firstSentAt: undefined },
      { event_id: sent.event_id, firstSentAt: NOW, attempts: 1 },
    ]);

    resume();
    const { taken } = await sleeper.commit({ ...NOTHING, lease: [waiting] });
    expect(taken).toEqual([waiting]);
    await sleeper.commit({ ...NOTHING, release: [sent], unhold: [waiting] });
    await sleeper.commit({
      ...NOTHING,
      bury: [{ event: waiting, state: "rejected", reason: "no", status: 400 }],
    });
    expect(await claimedIds(sleeper), "it cannot give away what is not its own").toEqual([]);
    // The receiver's word counts, whoever heard it.
    await sleeper.commit({ ...NOTHING, acknowledge: [sent] });
    await other.commit({ ...NOTHING, acknowledge: events });
    expect(await other.accounts()).toMatchObject({ recorded: 2, acknowledged: 2, pending: 0 });
  });

  test("does not take up again what it had when it claims it anew", async () => {
    setUp();
    const sleeper = await opened();
    const event = usage();
    await append(sleeper, event);
    freeze();
    await locksReleased();
    const other = await opened();
    const { events } = await claim(other);
    await other.commit({ ...NOTHING, unhold: events });
    resume();
    const again = (await claim(sleeper)).events;
    expect(again.map(({ event_id }) => event_id)).toEqual([event.event_id]);
    expect((await sleeper.commit({ ...NOTHING, lease: [event] })).taken).toEqual([event]);
    expect(await sleeper.commit({ ...NOTHING, lease: again })).not.toHaveProperty("taken");
  });

  test("numbers its events on from where it was", async () => {
    setUp();
    const outbox = await opened();
    expect((await append(outbox, usage())).appended).toMatchObject([{ seq: 1 }]);
    freeze();
    await locksReleased();
    const other = await opened();
    await claim(other);
    resume();
    expect((await append(outbox, usage())).appended).toMatchObject([{ seq: 2 }]);
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
      const event = usage();
      await append(silent, event);
      expect(await claimedIds(await opened({ leaseMs: 600_000 }))).toEqual([]);
      const hasty = await opened({ leaseMs: 1 });
      const { promise: later, resolve } = Promise.withResolvers<void>();
      setTimeout(resolve, 5);
      await later;
      expect(await claimedIds(hasty)).toEqual([event.event_id]);
      expect((await silent.commit({ ...NOTHING, lease: [event] })).taken).toEqual([event]);
    }));
});

describe("a database that does not work", () => {
  test("the outbox says so, and works when the database does", async () => {
    setUp();
    const newer = await openDB(name, 99);
    newer.close();
    const outbox = indexedDbOutbox({ name });
    await expect(outbox.open()).rejects.toMatchObject({ name: "MeterError", code: "outbox_failed" });
    await deleteDB(name);
    await outbox.open();
    open.push(outbox);
    expect((await append(outbox, usage())).appended).toMatchObject([{ state: "recorded" }]);
  });

  test("an open outbox is not in the way of an upgrade or of a deletion", async () => {
    setUp();
    const outbox = await opened();
    const event = usage();
    await append(outbox, event);
    const upgraded = await openDB(name, 99);
    await expect(append(outbox, usage())).rejects.toMatchObject({ code: "outbox_failed" });
    upgraded.close();
  });

  test("events of a database that was thrown away are stored anew when they are sent", async () => {
    setUp();
    const outbox = await opened();
    const [held, early] = [usage(), usage()];
    await append(outbox, early);
    await append(outbox, held);
    await outbox.commit({ ...NOTHING, lease: [early], acknowledge: [] });
    await deleteDB(name);
    const stranger = usage();
    await append(outbox, stranger);
    await outbox.commit({ ...NOTHING, acknowledge: [early] });
    expect(await outbox.accounts(), "an unknown event is not counted").toMatchObject({ recorded: 1 });
    expect(await outbox.commit({ ...NOTHING, lease: [held] })).not.toHaveProperty("taken");
    await outbox.commit({ ...NOTHING, acknowledge: [held] });
    expect(await outbox.accounts()).toMatchObject({ recorded: 2, acknowledged: 1, pending: 1 });
    expect(await claimedIds(await opened())).toEqual([]);
  });

  test("a closed outbox refuses", async () => {
    setUp();
    const outbox = await opened();
    await outbox.close();
    await expect(append(outbox, usage())).rejects.toMatchObject({ code: "closed" });
  });
});

test("tombstones are forgotten when they are old or too many", async () => {
  setUp();
  const outbox = await opened({ tombstones: { windowMs: 1_000, max: 2 } });
  const events = [usage(), usage(), usage()];
  for (const event of events) await append(outbox, event);
  await outbox.commit({ ...NOTHING, acknowledge: events });
  const again = async (event: EventRecord) =>
    (await append(outbox, new EventRecord(event, event.bytes, event.fingerprint))).appended[0]?.state;
  const answers = [];
  for (const event of events) answers.push(await again(event));
  expect(answers.filter((state) => state === "repeat")).toHaveLength(2);
});

test("options that make no sense are named", () => {
  expect(() => indexedDbOutbox({ name: "", limits: { maxEvents: 0 }, leaseMs: -1 })).toThrowError(
    /name: .*limits\.maxEvents: .*leaseMs: /s,
  );
});
