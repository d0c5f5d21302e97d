import type { PageBatch, PageEvent } from "@meter-lib/core/wire";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { BrowserMeterOptions } from "./create-browser-meter.ts";
import { createBrowserMeter } from "./create-browser-meter.ts";
import type { PageMeter } from "./page-meter.ts";

const CHAT = { meter_id: "chat.on.time_hours" } as const;
const page = (event_id: string) => ({ meter_id: "page.processed.basic", total_usage: 1, event_id }) as const;

let databases = 0;
let name = "";
const open: PageMeter[] = [];
const undo: (() => void)[] = [];

/** A relay, and clients of one database: each is as good as a tab. */
const site = () => {
  name = `page ${databases++}`;
  const got: PageEvent[] = [];
  const arrived: string[] = [];
  const relay = { isDown: false, asked: 0 };
  const ids = () => got.map(({ event_id }) => event_id);
  const tab = (options: Partial<BrowserMeterOptions> = {}): PageMeter => {
    const meter = createBrowserMeter({
      relayUrl: "/relay",
      tenant_id: "tenant_123",
      outbox: { name },
      delivery: { lingerMs: 0, retryCapMs: 20 },
      fetch: async (_url, init) => {
        relay.asked++;
        if (relay.isDown) return new Response("", { status: 500 });
        const { events }: PageBatch = JSON.parse(String(init?.body));
        // Counted once, as a relay does.
        for (const event of events) if (!ids().includes(event.event_id)) got.push(event);
        arrived.push(...events.map(({ event_id }) => event_id));
        return Response.json({ results: events.map(({ event_id }) => ({ event_id, state: "accepted" })) });
      },
      ...options,
    });
    open.push(meter);
    return meter;
  };
  return { got, arrived, ids, relay, tab };
};

// A busy machine is slow, not wrong.
const eventually = <T>(check: () => T) => vi.waitUntil(check, { timeout: 45_000 });

/** A clock that only the test moves. */
const stopClock = () => {
  const clock = { now: Date.now() };
  const spy = vi.spyOn(Date, "now").mockImplementation(() => clock.now);
  undo.push(() => spy.mockRestore());
  return clock;
};
const LONG_WEEKEND_MS = 4 * 86_400_000;
const FORTNIGHT_MS = 14 * 86_400_000;

const setOnline = (isOnline: boolean) => {
  const spy = vi.spyOn(navigator, "onLine", "get").mockReturnValue(isOnline);
  undo.push(() => spy.mockRestore());
};

/** As the browser does with a page that is shown. */
const enterCache = () => {
  dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
  const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  hidden.mockRestore();
};

/** What another connection that starts in the next task sees: all that was committed in this one. */
const storedIds = () =>
  new Promise<unknown>((resolve) => {
    setTimeout(() => {
      indexedDB.open(name).onsuccess = ({ target }) => {
        if (!(target instanceof IDBOpenDBRequest)) return;
        const db = target.result;
        db.transaction("events").objectStore("events").getAllKeys().onsuccess = ({ target }) => {
          db.close();
          resolve(target instanceof IDBRequest && target.result);
        };
      };
    });
  });

afterEach(async () => {
  for (const restore of undo.splice(0)) restore();
  await Promise.all(open.splice(0).map((meter) => meter.close({ timeoutMs: 0 })));
  indexedDB.deleteDatabase(name);
});

describe("events", () => {
  test("are in the database before `durable` says so, and the next page takes them to the relay", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const first = tab();
    const receipt = first.record(page("one"));
    expect(await receipt.durable).toEqual({ ok: true });
    expect(await first.close({ timeoutMs: 0 })).toMatchObject({ acknowledged: 0, persisted: 1, lost: 0 });
    expect(await receipt.settled).toEqual({ state: "persisted" });

    relay.isDown = false;
    const next = tab();
    expect(await next.flush()).toBe(true);
    expect(ids()).toEqual(["one"]);
    expect(await next.stats()).toMatchObject({ recorded: 1, acknowledged: 1, pending: 0, lost: 0 });
  });

  test("are in the database at the end of the task that recorded them", async () => {
    const { relay, tab } = site();
    relay.isDown = true;
    const first = tab();
    // It is open.
    await first.record(page("first")).durable;
    first.record(page("last"));
    expect(await storedIds()).toEqual(["first", "last"]);
  });

  test("are in the database too when the page's own handler records them on the way to the back/forward cache", async () => {
    const { relay, tab } = site();
    relay.isDown = true;
    const left = tab();
    await left.record(page("first")).durable;
    addEventListener("pagehide", () => left.record(page("last")), { once: true });
    enterCache();
    expect(await storedIds()).toEqual(["first", "last"]);
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });

  test("are kept, and sent once, when the page ends before its database has begun to write", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const left = tab({ delivery: { lingerMs: 600_000 } });
    await left.record(page("first")).durable;
    // A browser that drops what the page writes last.
    const commit = vi.spyOn(IDBTransaction.prototype, "commit").mockImplementation(function (
      this: IDBTransaction,
    ) {
      this.abort();
    });
    undo.push(() => commit.mockRestore());
    left.record(page("last"));
    enterCache();
    commit.mockRestore();
    relay.isDown = false;
    const next = tab();
    await eventually(() => ids().length === 2);
    expect(ids().sort()).toEqual(["first", "last"]);
    await eventually(async () => (await next.stats()).acknowledged === 2);
    expect(Object.keys(localStorage).filter((key) => key.startsWith(name))).toEqual([]);
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });

  test("a tab's receipts settle when another tab took its events to the relay", async () => {
    const { ids, tab } = site();
    const busy = tab({ delivery: { lingerMs: 600_000 } });
    const settled = ["one", "two"].map((id) => busy.record(page(id)));
    for (const { durable } of settled) await durable;

    expect(await tab().flush()).toBe(true);
    expect(ids()).toEqual(["one", "two"]);
    expect(await busy.flush()).toBe(true);
    expect(await Promise.all(settled.map(({ settled }) => settled))).toEqual([
      { state: "acknowledged" },
      { state: "acknowledged" },
    ]);
    expect(ids()).toHaveLength(2);
    expect(await busy.stats()).toMatchObject({ recorded: 2, acknowledged: 2, pending: 0 });
  });

  test("a tab that sleeps with the lock is not waited for", async () => {
    const { ids, tab } = site();
    const { promise: asleep, resolve: wake } = Promise.withResolvers<void>();
    await new Promise<void>((held) => {
      void navigator.locks
        .request(`${name} drain`, () => {
          held();
          return asleep;
        })
        .catch(() => {});
    });
    tab().record(page("one"));
    await eventually(() => ids().length > 0);
    wake();
    expect(ids()).toEqual(["one"]);
  });

  test("an id that waits already is a repeat, or a conflict, whichever tab recorded it", async () => {
    const { relay, tab } = site();
    relay.isDown = true;
    await tab().record(page("one")).durable;
    const other = tab();
    expect(await other.record(page("one")).durable).toEqual({ ok: true, repeat: true });
    const conflict = await tab().record({ ...page("one"), total_usage: 2 }).durable;
    expect(conflict).toMatchObject({ ok: false, error: { code: "id_conflict" } });
    expect(await other.stats()).toMatchObject({ recorded: 1, pending: 1 });
  });

  test("beyond the limit of the database they are refused", async () => {
    const { relay, tab } = site();
    relay.isDown = true;
    await tab().record(page("one")).durable;
    const small = tab({ limits: { maxEvents: 1 } });
    expect(await small.record(page("two")).durable).toMatchObject({ error: { code: "no_room" } });
    expect(await small.stats()).toMatchObject({ recorded: 1, pending: 1 });
  });

  test("eight tabs at once: each event is counted once", async () => {
    const { arrived, ids, tab } = site();
    const tabs = Array.from({ length: 8 }, () => tab());
    for (const [index, meter] of tabs.entries())
      for (let event = 0; event < 10; event++) meter.record(page(`${index}-${event}`));
    expect(await Promise.all(tabs.map((meter) => meter.flush()))).toEqual(Array(8).fill(true));
    expect(new Set(ids()).size).toBe(80);
    expect(arrived).toHaveLength(80);
    expect(await tabs[0]?.stats()).toMatchObject({ recorded: 80, acknowledged: 80, pending: 0 });
  });

  test("what the relay rejects is told where it was recorded, and stays on the account", async () => {
    const { relay, tab } = site();
    const reject: typeof fetch = async (_url, init) => {
      const { events }: PageBatch = JSON.parse(String(init?.body));
      return Response.json({
        results: events.map(({ event_id }) => ({ event_id, state: "rejected", reason: "no" })),
      });
    };
    relay.isDown = true;
    const recorder = tab({ delivery: { lingerMs: 0, retryCapMs: 600_000 } });
    const receipt = recorder.record(page("one"));
    await receipt.durable;
    await tab({ fetch: reject }).flush();
    recorder.retryNow();
    expect(await receipt.settled).toMatchObject({ state: "rejected", reason: "no" });
    expect(await tab().stats()).toMatchObject({ recorded: 1, rejected: 1, pending: 0 });
  });
});

describe("older than the relay remembers", () => {
  test("what may have been sent is quarantined, by whichever tab comes", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const first = tab();
    await first.record(page("one")).durable;
    await eventually(() => relay.asked > 0);
    await first.close({ timeoutMs: 0 });
    relay.isDown = false;
    stopClock().now += FORTNIGHT_MS;
    const next = tab();
    const told = vi.fn();
    next.on("quarantined", told);

    expect(await eventually(() => told.mock.calls.length)).toBe(1);
    expect(ids()).toEqual([]);
    expect(await next.stats()).toMatchObject({ recorded: 1, quarantined: 1, pending: 0 });
  });

  test("nothing is, over a long weekend", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const first = tab();
    await first.record(page("one")).durable;
    await eventually(() => relay.asked > 0);
    await first.close({ timeoutMs: 0 });
    relay.isDown = false;
    stopClock().now += LONG_WEEKEND_MS;
    const next = tab();
    await eventually(async () => (await next.stats()).acknowledged === 1);
    expect(ids()).toEqual(["one"]);
  });

  test("what was sent by a page that was left, and had no answer, is quarantined", async () => {
    const { ids, tab } = site();
    const silent: typeof fetch = () => new Promise(() => {});
    const left = tab({ delivery: { lingerMs: 600_000 }, fetch: silent });
    await left.record(page("one")).durable;
    left.sendNow();
    await left.close({ timeoutMs: 0 });
    stopClock().now += FORTNIGHT_MS;
    const next = tab();
    await eventually(async () => (await next.stats()).quarantined === 1);
    expect(ids()).toEqual([]);
  });

  test("what never left the page goes, however late", async () => {
    const { ids, tab } = site();
    const neverAsked: typeof fetch = async () => {
      throw new Error("nothing was to be sent");
    };
    const first = tab({
      delivery: { lingerMs: 600_000 },
      token: () => new Promise(() => {}),
      fetch: neverAsked,
    });
    await first.record(page("one")).durable;
    await first.close({ timeoutMs: 0 });
    stopClock().now += FORTNIGHT_MS;
    const next = tab();
    await eventually(async () => (await next.stats()).acknowledged === 1);
    expect(ids()).toEqual(["one"]);
    // What the page before wrote on its own is on the account all the same.
    expect(await next.stats()).toMatchObject({ recorded: 1, acknowledged: 1, pending: 0 });
  });

  test("what was recorded offline was certainly not sent: it goes", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    setOnline(false);
    const first = tab({ delivery: { lingerMs: 600_000 } });
    await first.record(page("one")).durable;
    await first.close({ timeoutMs: 0 });
    setOnline(true);
    relay.isDown = false;
    stopClock().now += FORTNIGHT_MS;
    const next = tab();
    await eventually(() => ids().length > 0);
    expect(ids()).toEqual(["one"]);
    await eventually(async () => (await next.stats()).acknowledged === 1);
  });

  test("what was recorded offline, and then sent without an answer, is quarantined", async () => {
    const { ids, tab } = site();
    const asked = Promise.withResolvers<void>();
    setOnline(false);
    const first = tab({
      delivery: { lingerMs: 600_000 },
      fetch: async () => {
        asked.resolve();
        return new Response("", { status: 500 });
      },
    });
    await first.record(page("one")).durable;
    setOnline(true);
    first.retryNow();
    await asked.promise;
    await first.close({ timeoutMs: 0 });
    stopClock().now += FORTNIGHT_MS;
    const next = tab();
    await eventually(async () => (await next.stats()).quarantined === 1);
    expect(ids()).toEqual([]);
  });

  test("what the relay certainly did not take waits as long as it takes", async () => {
    const { tab } = site();
    const clock = stopClock();
    const answers = [new Response("", { status: 429 })];
    const meter = tab({
      fetch: async (_url, init) => {
        const { events }: PageBatch = JSON.parse(String(init?.body));
        const ids = events.map(({ event_id }) => event_id);
        return (
          answers.pop() ??
          Response.json({ results: ids.map((event_id) => ({ event_id, state: "accepted" })) })
        );
      },
    });
    const receipt = meter.record(page("one"));
    await eventually(() => answers.length === 0);
    await receipt.durable;
    clock.now += FORTNIGHT_MS;
    expect(await receipt.settled).toEqual({ state: "acknowledged" });
  });
});

describe("dead letters", () => {
  test("are listed, and sent again on request; what is sent again is counted once", async () => {
    const { ids, tab } = site();
    const reject: typeof fetch = async (_url, init) => {
      const { events }: PageBatch = JSON.parse(String(init?.body));
      return Response.json({
        results: events.map(({ event_id }) => ({ event_id, state: "rejected", reason: "no" })),
      });
    };
    const first = tab({ fetch: reject });
    first.record(page("one"));
    first.record(page("two"));
    await first.flush();
    await first.close();
    const next = tab();
    expect(await next.list()).toMatchObject([
      { event: { event_id: "one" }, state: "rejected", reason: "no" },
      { event: { event_id: "two" } },
    ]);
    expect(await next.redrive(["two", "unknown"])).toBe(1);
    expect(await next.flush()).toBe(true);
    expect(ids()).toEqual(["two"]);
    expect(await next.stats()).toMatchObject({ recorded: 2, acknowledged: 1, rejected: 1, pending: 0 });
    expect(await next.list()).toHaveLength(1);
  });
});

describe("users", () => {
  test("what one left does not go out under the token of another one", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const tenant_id = name;
    const first = tab({ tenant_id, subject: "ada", outbox: {} });
    await first.record(page("of-ada")).durable;
    await first.close({ timeoutMs: 0 });
    relay.isDown = false;
    const second = tab({ tenant_id, subject: "bob", outbox: {} });
    second.record(page("of-bob"));
    expect(await second.flush()).toBe(true);
    expect(ids()).toEqual(["of-bob"]);
    const third = tab({ tenant_id, subject: "ada", outbox: {} });
    expect(await third.flush()).toBe(true);
    expect(ids()).toEqual(["of-bob", "of-ada"]);
    await second.close({ erase: true });
    await third.close({ erase: true });
  });

  test("one who signs out leaves nothing behind, and what was not taken is lost, visibly", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const first = tab();
    const receipt = first.record(page("one"));
    await receipt.durable;
    expect(await first.close({ timeoutMs: 0, erase: true })).toMatchObject({ persisted: 0, lost: 1 });
    expect(await receipt.settled).toEqual({ state: "lost" });
    relay.isDown = false;
    const next = tab();
    expect(await next.flush()).toBe(true);
    expect(ids()).toEqual([]);
    expect(await next.stats()).toMatchObject({ recorded: 0, pending: 0 });
  });
});

describe("a browser of the floor", () => {
  test.each([
    ["Promise.withResolvers", Promise, "withResolvers"],
    ["AbortSignal.any", AbortSignal, "any"],
    ["AbortSignal.timeout", AbortSignal, "timeout"],
    ["Array.prototype.toSorted", Array.prototype, "toSorted"],
  ])("without %s it delivers", async (_, owner, method) => {
    const { ids, tab } = site();
    const own = Object.getOwnPropertyDescriptor(owner, method);
    Reflect.deleteProperty(owner, method);
    try {
      const meter = tab();
      await meter.record({ ...page("one"), metadata: { text: "x" } }).durable;
      await meter.flush();
      await meter.close();
    } finally {
      if (own !== undefined) Object.defineProperty(owner, method, own);
    }
    expect(ids()).toEqual(["one"]);
  });

  test("below it, record() answers a refusal and never throws", async () => {
    const { tab } = site();
    const meter = tab();
    vi.stubGlobal("TextEncoder", undefined);
    vi.stubGlobal("crypto", {});
    undo.push(() => vi.unstubAllGlobals());
    // Ids are made in advance, for more than a hundred events.
    const refused = vi.fn();
    meter.on("refused", refused);
    for (let index = 0; index < 200; index++)
      meter.record({ meter_id: "page.processed.basic", total_usage: 1 });
    expect(refused.mock.lastCall).toMatchObject([{ error: { code: "invalid_event" } }]);
  });
});

describe("a database that does not work", () => {
  test("events are volatile, visibly, and delivered; when it works again they are in it", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const newer = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open(name, 99);
      request.onsuccess = () => resolve(request.result);
    });
    const meter = tab();
    const told: string[] = [];
    meter.on("volatile", () => told.push("volatile"));
    meter.on("durable", () => told.push("durable"));
    expect(await meter.record(page("one")).durable).toEqual({ ok: false, reason: "volatile" });
    expect(await meter.stats()).toMatchObject({ recorded: 1, pending: 1 });
    expect(told).toEqual(["volatile"]);

    newer.close();
    await new Promise<void>((resolve) => {
      indexedDB.deleteDatabase(name).onsuccess = () => resolve();
    });
    await eventually(() => told.length === 2);
    expect(await meter.close({ timeoutMs: 0 })).toMatchObject({ persisted: 1, lost: 0 });
    relay.isDown = false;
    await tab().flush();
    expect(ids()).toEqual(["one"]);
  });

  test("thrown away under a page: what the page has is stored anew and counted once", async () => {
    const { ids, relay, tab } = site();
    relay.isDown = true;
    const meter = tab();
    await meter.record(page("one")).durable;
    await new Promise<void>((resolve) => {
      indexedDB.deleteDatabase(name).onsuccess = () => resolve();
    });
    await meter.record(page("two")).durable;
    relay.isDown = false;
    expect(await meter.flush()).toBe(true);
    expect(ids().sort()).toEqual(["one", "two"]);
    expect(await meter.stats()).toMatchObject({ recorded: 2, acknowledged: 2, pending: 0 });
  });
});

describe("sessions", () => {
  /** As the browser does when it freezes or leaves the page: all clients here hear of it. */
  const freeze = async () => {
    document.dispatchEvent(new Event("freeze"));
    await lockReleased();
  };
  const lockReleased = () =>
    eventually(async () => {
      const { held = [] } = await navigator.locks.query();
      return !held.some((lock) => lock.name?.startsWith(`${name} `));
    });
  const resume = () => document.dispatchEvent(new Event("resume"));
  const boundaries = (got: readonly PageEvent[]) =>
    got.map(({ session_id, start_time }) => ({ session_id, is: start_time === undefined ? "end" : "start" }));

  test("tabs share one; the last that leaves ends it", async () => {
    const { got, tab } = site();
    const tabs = [tab(), tab(), tab()];
    const sessions = await Promise.all(tabs.map((meter) => meter.startSession(CHAT)));
    const [first] = sessions;
    expect(new Set(sessions.map(({ session_id }) => session_id)).size).toBe(1);
    for (const session of sessions.slice(1)) await session.end();
    for (const meter of tabs) await meter.flush();
    expect(boundaries(got)).toEqual([{ session_id: first?.session_id, is: "start" }]);
    await first?.end();
    for (const meter of tabs) await meter.flush();
    expect(boundaries(got)).toEqual([
      { session_id: first?.session_id, is: "start" },
      { session_id: first?.session_id, is: "end" },
    ]);
  });

  test("a checkpoint that is on its way does not bring an ended session back", async () => {
    const { got, tab } = site();
    const meter = tab({ sessions: { checkpointMs: 1 } });
    for (let turn = 0; turn < 10; turn++) await (await meter.startSession(CHAT)).end();
    await meter.flush();
    // Whatever was on its way has come through before this one.
    await (await tab().startSession({ meter_id: "chat.query.time_secs" })).end();
    await meter.flush();
    const chats = boundaries(got.filter(({ meter_id }) => meter_id === CHAT.meter_id));
    const bySession = Object.values(Object.groupBy(chats, ({ session_id = "" }) => session_id));
    expect(bySession.map((bounds) => bounds?.map(({ is }) => is))).toEqual(Array(10).fill(["start", "end"]));
    const next = tab({ sessions: { resumeWithinMs: 0 } });
    await next.flush();
    expect(await next.stats()).toMatchObject({ recorded: 22, pending: 0 });
  });

  test("a page that comes soon goes on with it", async () => {
    const { got, tab } = site();
    const left = tab();
    const { session_id } = await left.startSession(CHAT);
    await left.close();
    const next = tab();
    const session = await next.startSession(CHAT);
    expect(session.session_id).toBe(session_id);
    await session.end();
    await next.flush();
    expect(boundaries(got)).toEqual([
      { session_id, is: "start" },
      { session_id, is: "end" },
    ]);
  });

  test("one that nobody comes back to ends when its page was left, not at its last checkpoint", async () => {
    const { got, tab } = site();
    const clock = stopClock();
    const left = tab({ sessions: { checkpointMs: 600_000 } });
    await left.startSession(CHAT);
    clock.now += 14_000;
    const hidden = clock.now;
    enterCache();
    await lockReleased();
    clock.now += 60_000;
    const next = tab();
    await eventually(async () => {
      await next.flush();
      return got.length === 2;
    });
    expect(got[1]).toMatchObject({ end_time: hidden });
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  });

  test("one that went on in a page that slept for long is not billed for the sleep: it ends, and a new one begins", async () => {
    const { got, tab } = site();
    const sleeper = tab();
    const session = await sleeper.startSession(CHAT);
    await freeze();
    const other = tab({ sessions: { resumeWithinMs: 0 } });
    await eventually(async () => {
      await other.flush();
      return got.length === 2;
    });
    resume();
    await eventually(() => got.length === 3);
    await session.end();
    await sleeper.flush();
    const kinds = boundaries(got);
    expect(kinds.map(({ is }) => is)).toEqual(["start", "end", "start", "end"]);
    expect(kinds[0]?.session_id).toBe(kinds[1]?.session_id);
    expect(kinds[2]?.session_id).toBe(kinds[3]?.session_id);
    expect(kinds[0]?.session_id).not.toBe(kinds[2]?.session_id);
  });

  test("a page that is in two sessions and sleeps for long is billed for the sleep in neither", async () => {
    const { got, tab } = site();
    const clock = stopClock();
    const sleeper = tab();
    await sleeper.startSession(CHAT);
    await sleeper.startSession({ meter_id: "chat.query.time_secs" });
    clock.now += 1_000;
    const fellAsleep = clock.now;
    await freeze();
    clock.now += 600_000;
    resume();
    const ends = () => got.filter(({ end_time }) => end_time !== undefined);
    await eventually(() => ends().length === 2);
    expect(ends().map(({ end_time }) => end_time)).toEqual([fellAsleep, fellAsleep]);
  });
});

describe("without Web Locks", () => {
  const withoutLocks = () => {
    const own = Object.getOwnPropertyDescriptor(Navigator.prototype, "locks");
    Object.defineProperty(Navigator.prototype, "locks", { configurable: true, get: () => undefined });
    undo.push(() => own !== undefined && Object.defineProperty(Navigator.prototype, "locks", own));
  };

  test("tabs share events and sessions, one drains at a time", async () => {
    withoutLocks();
    const { got, ids, tab } = site();
    const tabs = [tab(), tab()];
    const sessions = await Promise.all(tabs.map((meter) => meter.startSession(CHAT)));
    expect(new Set(sessions.map(({ session_id }) => session_id)).size).toBe(1);
    for (const [index, meter] of tabs.entries()) meter.record(page(`${index}`));
    for (const session of sessions) await session.end();
    for (const meter of tabs) expect(await meter.flush()).toBe(true);
    expect(new Set(ids()).size).toBe(4);
    expect(got).toHaveLength(4);
  });
});
