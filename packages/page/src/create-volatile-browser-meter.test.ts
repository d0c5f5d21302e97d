import type { PageBatch, PageEventResult } from "@meter-lib/core/wire";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createVolatileBrowserMeter } from "./create-volatile-browser-meter.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";

type Answer = (batch: PageBatch) => Response | Promise<Response>;

const accepted = ({ events }: PageBatch): Response =>
  results(events.map(({ event_id }) => ({ event_id, state: "accepted" })));
const results = (list: readonly PageEventResult[]): Response => Response.json({ results: list });

/** A client, and the batches that its relay got. The answers are used one after the other, the last one for all that follow. */
const metered = (answers: readonly Answer[] = [accepted], options: Partial<PageMeterOptions> = {}) => {
  const batches: PageBatch[] = [];
  const meter = createVolatileBrowserMeter({
    relayUrl: "https://relay.example.com/meter",
    tenant_id: "tenant_123",
    delivery: { lingerMs: 0, retryCapMs: 1 },
    fetch: async (_url, init) => {
      const batch: PageBatch = JSON.parse(String(init?.body));
      const answer = answers[Math.min(batches.length, answers.length - 1)] ?? accepted;
      batches.push(batch);
      return answer(batch);
    },
    ...options,
  });
  const sent = () => batches.map(({ events }) => events.map(({ event_id }) => event_id));
  return { meter, batches, sent };
};

const page = (event_id: string, total_usage = 1) =>
  ({ meter_id: "page.processed.basic", total_usage, event_id }) as const;

const throwing = (field: string) =>
  Object.defineProperty({}, field, {
    enumerable: true,
    get: () => {
      throw new Error("not today");
    },
  });

const expectLaw = async (meter: ReturnType<typeof metered>["meter"]) => {
  const { recorded, ...parts } = await meter.stats();
  expect(recorded).toBe(Object.values(parts).reduce((sum, count) => sum + count, 0));
  expect(Math.min(...Object.values(parts))).toBeGreaterThanOrEqual(0);
};

afterEach(() => {
  vi.useRealTimers();
});

describe("record()", () => {
  test("freezes the event, says that it is only in memory, and settles when the relay has it", async () => {
    const { meter, batches } = metered([accepted], { token: "token" });
    const metadata = { text: "東京" };
    const receipt = meter.record({ ...page("one", 3), metadata, event_time: 1_768_473_000_000 });
    metadata.text = "changed";

    expect(await receipt.durable).toEqual({ ok: false, reason: "volatile" });
    expect(await receipt.settled).toEqual({ state: "acknowledged" });
    expect(batches).toEqual([
      {
        sent_at: expect.any(Number),
        token: "token",
        tenant_id: "tenant_123",
        events: [
          {
            event_id: "one",
            meter_id: "page.processed.basic",
            event_time: 1_768_473_000_000,
            total_usage: 3,
            metadata: { text: "東京" },
          },
        ],
      },
    ]);
  });

  test("ids of its own are UUIDv7 and sort by time", async () => {
    const { meter } = metered();
    const ids = Array.from(
      { length: 500 },
      () => meter.record({ meter_id: "page.processed.basic", total_usage: 1 }).event_id,
    );

    expect(new Set(ids).size).toBe(500);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    const time = Number.parseInt((ids[0] ?? "").replace("-", "").slice(0, 12), 16);
    expect(Math.abs(time - Date.now())).toBeLessThan(60_000);
  });

  test("the same id with the same content is one event; with different content it is refused and harms nothing", async () => {
    const { meter, sent } = metered();
    const first = meter.record(page("one"));
    const again = meter.record(page("one"));
    const other = meter.record(page("one", 2));

    expect(await other.settled).toMatchObject({ state: "refused", error: { code: "id_conflict" } });
    expect(await first.settled).toEqual({ state: "acknowledged" });
    expect(await again.settled).toEqual({ state: "acknowledged" });
    expect(sent()).toEqual([["one"]]);
    expect(await meter.stats()).toMatchObject({ recorded: 1, acknowledged: 1, pending: 0 });
  });

  test.each([
    [undefined, /^meter_id: .*got nothing/],
    ["an event", /^meter_id: /],
    [{ meter_id: "page.processed.best", total_usage: 1 }, /^meter_id: .*got page\.processed\.best/],
    [{ meter_id: "toString", total_usage: 1 }, /^meter_id: /],
    [{ meter_id: "page.processed.basic" }, /^total_usage: .*got nothing/],
    [{ meter_id: "page.processed.basic", total_usage: 2.5 }, /^total_usage: .*got 2\.5/],
    [
      { meter_id: "page.processed.basic", total_usage: 1, start_time: 1_768_473_000_000 },
      /^start_time: expected nothing/,
    ],
    [
      { meter_id: "chat.on.time_hours", total_usage: 1, start_time: 1_768_473_000_000 },
      /^total_usage: expected nothing/,
    ],
    [{ meter_id: "chat.on.time_hours" }, /^start_time: .*got nothing/],
    [{ meter_id: "chat.on.time_hours", start_time: 1_768_473_000 }, /^start_time: .*milliseconds/],
    [
      { meter_id: "chat.on.time_hours", start_time: 1_768_473_000_001, end_time: 1_768_473_000_000 },
      /^end_time: /,
    ],
    [{ meter_id: "page.processed.basic", total_usage: 1, event_id: "no blanks" }, /^event_id: /],
    [
      { meter_id: "page.processed.basic", total_usage: 1, event_id: "x".repeat(201) },
      /^event_id: .*1 to 200/,
    ],
    [
      { meter_id: "chat.on.time_hours", start_time: 1_768_473_000_000, session_id: "x".repeat(201) },
      /^session_id: .*1 to 200/,
    ],
    [{ meter_id: "page.processed.basic", total_usage: 1, metadata: { n: 7 } }, /^metadata: /],
    [{ meter_id: "page.processed.basic", total_usage: 1, metadata: new Map([["a", "b"]]) }, /^metadata: /],
    [{ meter_id: "page.processed.basic", total_usage: 1, tenant_id: "another" }, /^tenant_id: .*got another/],
    [{ meter_id: "page.processed.basic", total_usage: 1, totl_usage: 1 }, /^totl_usage: expected nothing/],
    [
      { meter_id: "page.processed.basic", total_usage: 1, metadata: { text: "京".repeat(11_000) } },
      /at most 32768 bytes/,
    ],
  ])("%j is refused, with the reason, and is neither sent nor counted", async (event, message) => {
    const { meter, batches } = metered();
    const told = vi.fn();
    meter.on("refused", told);
    const receipt: ReturnType<typeof meter.record> = Reflect.apply(meter.record, meter, [event]);

    expect(await receipt.durable).toMatchObject({
      reason: "refused",
      error: { code: "invalid_event", message: expect.stringMatching(message) },
    });
    expect(await receipt.settled).toMatchObject({ state: "refused" });
    expect(meter.check(event)?.message).toMatch(message);
    expect(told).toHaveBeenCalledTimes(1);
    await meter.flush();
    expect(batches).toEqual([]);
    expect(await meter.stats()).toMatchObject({ recorded: 0 });
  });

  test.each([
    ["the event", throwing("total_usage")],
    ["its metadata", { ...page("one"), metadata: throwing("text") }],
  ])("a getter of %s that throws is a refusal, not an exception", async (_, event) => {
    const { meter } = metered();
    const receipt: ReturnType<typeof meter.record> = Reflect.apply(meter.record, meter, [event]);
    expect(await receipt.settled).toMatchObject({
      state: "refused",
      error: { code: "invalid_event", message: expect.stringContaining("not today") },
    });
    expect(await meter.stats()).toMatchObject({ recorded: 0, pending: 0 });
  });

  test("what belongs to the page may be said again", () => {
    const { meter } = metered();
    const event = { ...page("one"), tenant_id: "tenant_123", device_id: "web", session_id: null };
    expect(meter.check(event)).toBeUndefined();
  });

  test("closing ends, also where its time is no number", async () => {
    const { meter } = metered([() => Response.error()]);
    meter.record(page("one"));
    expect(await meter.close({ timeoutMs: Number.NaN })).toEqual({ acknowledged: 0, persisted: 0, lost: 1 });
  });

  test("refuses what finds no room, and anything once it is closed", async () => {
    const { meter } = metered([() => new Response("", { status: 500 })], { limits: { maxEvents: 2 } });
    const receipts = ["one", "two", "three"].map((id) => meter.record(page(id)));
    expect(await receipts[2]?.settled).toMatchObject({ state: "refused", error: { code: "no_room" } });

    const closing = await meter.close({ timeoutMs: 20 });
    expect(closing).toEqual({ acknowledged: 0, persisted: 0, lost: 2 });
    expect(await receipts[0]?.settled).toEqual({ state: "lost" });
    expect(await meter.record(page("four")).settled).toMatchObject({ error: { code: "closed" } });
    expect(await meter.stats()).toMatchObject({ recorded: 2, lost: 2, pending: 0 });
  });
});

describe("delivery", () => {
  test("what may have arrived is sent again, the same, until it is answered", async () => {
    const { meter, batches } = metered([
      () => Promise.reject(new TypeError("Failed to fetch")),
      () => Promise.reject(new TypeError("Failed to fetch")),
      () => new Response("<html>", { status: 502 }),
      () => results([]),
      accepted,
    ]);
    meter.record(page("one"));

    expect(await meter.flush()).toBe(true);
    expect(new Set(batches.map(({ events }) => JSON.stringify(events))).size).toBe(1);
    expect(batches).toHaveLength(5);
  });

  test("each event has the fate that the relay names", async () => {
    const { meter, sent } = metered([
      () =>
        results([
          { event_id: "one", state: "duplicate" },
          { event_id: "two", state: "rejected", reason: "not this meter" },
          { event_id: "three", state: "retry", reason: "later", retry_after_ms: 0 },
        ]),
      accepted,
    ]);
    const told = vi.fn();
    meter.on("rejected", told);
    const settled = ["one", "two", "three", "four"].map((id) => meter.record(page(id)).settled);

    expect(await Promise.all(settled)).toMatchObject([
      { state: "acknowledged", duplicate: true },
      { state: "rejected", reason: "not this meter" },
      { state: "acknowledged" },
      { state: "acknowledged" },
    ]);
    expect(sent()).toEqual([
      ["one", "two", "three", "four"],
      ["three", "four"],
    ]);
    expect(told).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        reason: "not this meter",
        event: expect.objectContaining({ event_id: "two" }),
      }),
    );
    expect(await meter.stats()).toMatchObject({ recorded: 4, acknowledged: 3, rejected: 1, pending: 0 });
  });

  test("a batch that is too large is halved, until the one that is alone too large is refused", async () => {
    const tooLarge: Answer = (batch) =>
      batch.events.some(({ event_id }) => event_id === "big")
        ? new Response("", { status: 413 })
        : accepted(batch);
    const { meter } = metered([tooLarge]);
    const receipts = ["one", "big", "three"].map((id) => meter.record(page(id)).settled);

    expect(await Promise.all(receipts)).toMatchObject([
      { state: "acknowledged" },
      { state: "rejected" },
      { state: "acknowledged" },
    ]);
  });

  test("a batch has at most 50 events", async () => {
    const { meter, batches } = metered();
    for (let i = 0; i < 120; i++) meter.record(page(`e${i}`));
    expect(await meter.flush()).toBe(true);
    expect(batches.map(({ events }) => events.length)).toEqual([50, 50, 20]);
  });

  test("Retry-After is kept to, and an answer in time ends it", async () => {
    vi.useFakeTimers();
    const { meter, sent } = metered([
      () => new Response("", { status: 429, headers: { "retry-after": "30" } }),
      accepted,
    ]);
    const receipt = meter.record(page("one"));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(sent()).toEqual([["one"]]);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(await receipt.settled).toEqual({ state: "acknowledged" });
    expect(sent()).toHaveLength(2);
  });

  test("retryNow() does not wait", async () => {
    vi.useFakeTimers();
    const { meter } = metered([
      () => new Response("", { status: 503, headers: { "retry-after": "3600" } }),
      accepted,
    ]);
    const receipt = meter.record(page("one"));
    await vi.advanceTimersByTimeAsync(10);
    meter.retryNow();
    expect(meter.health()).toMatchObject({ state: "retrying", retryAt: undefined });
    await vi.advanceTimersByTimeAsync(10);
    expect(await receipt.settled).toEqual({ state: "acknowledged" });
  });

  test("a refused token is asked for again; refused again, delivery is blocked, says so and goes on when it is let in", async () => {
    const unauthorized: Answer = () => new Response("", { status: 401 });
    let tokens = 0;
    const { meter, batches } = metered([unauthorized, unauthorized, accepted], {
      token: async () => `token-${++tokens}`,
    });
    const told: unknown[] = [];
    meter.on("blocked", ({ status }) => told.push(status));
    meter.on("unblocked", () => told.push("unblocked"));
    meter.record(page("one"));

    expect(await meter.flush()).toBe(true);
    expect(batches.map(({ token }) => token)).toEqual(["token-1", "token-2", "token-3"]);
    expect(told).toEqual([401, "unblocked"]);
  });

  test("health() says why nothing gets through, since when, and when it is tried next", async () => {
    const { meter } = metered([() => new Response("", { status: 503, headers: { "retry-after": "60" } })]);
    const told = vi.fn();
    meter.on("retrying", told);
    expect(meter.health()).toMatchObject({ ok: true, state: "open", since: undefined, retryAt: undefined });
    meter.record(page("one"));
    await expect.poll(() => told).toHaveBeenCalled();
    const health = meter.health();
    expect(health).toMatchObject({
      ok: false,
      state: "retrying",
      reason: expect.stringContaining("503"),
      status: 503,
    });
    expect(told).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ status: 503 }));
    expect((health.retryAt ?? 0) - (health.since ?? 0)).toBeGreaterThanOrEqual(59_000);
    await meter.close({ timeoutMs: 0 });
  });

  test("a batch that is refused as a whole is halved until what is wrong is alone", async () => {
    const { meter } = metered([
      (batch) =>
        batch.events.some(({ event_id }) => event_id === "poison")
          ? new Response("", { status: 400 })
          : accepted(batch),
    ]);
    const settled = ["one", "poison", "three"].map((id) => meter.record(page(id)).settled);
    expect((await Promise.all(settled)).map(({ state }) => state)).toEqual([
      "acknowledged",
      "rejected",
      "acknowledged",
    ]);
  });

  test("twenty events refused alone in a row are the relay's fault: it counts as blocked, events wait", async () => {
    const { meter } = metered([() => new Response("", { status: 400 })]);
    const told = vi.fn();
    meter.on("blocked", told);
    for (let i = 0; i < 25; i++) meter.record(page(`e${i}`));
    await expect.poll(() => told).toHaveBeenCalled();
    expect(meter.health()).toMatchObject({ ok: false, state: "blocked", status: 400 });
    expect(await meter.stats()).toMatchObject({ recorded: 25, rejected: 19, pending: 6 });
    await meter.close({ timeoutMs: 0 });
  });

  test("a relay that rejects twenty single events in a row counts as blocked: the others wait", async () => {
    const { meter } = metered(
      [({ events }) => results(events.map(({ event_id }) => ({ event_id, state: "rejected" })))],
      { delivery: { lingerMs: 0, retryCapMs: 60_000 } },
    );
    const told = vi.fn();
    meter.on("blocked", told);
    for (let i = 0; i < 20; i++) {
      meter.record(page(`e${i}`));
      await meter.flush();
    }
    expect(told).toHaveBeenCalledTimes(1);
    meter.record(page("later"));
    expect(await meter.flush({ timeoutMs: 0 })).toBe(false);
    expect(await meter.stats()).toMatchObject({ rejected: 20, pending: 1 });
  });

  test("a relay that accepts some events works: those that it leaves out wait by themselves", async () => {
    const { meter, sent } = metered(
      [
        ({ events: [first] }) => results([{ event_id: first?.event_id ?? "", state: "accepted" }]),
        accepted,
        accepted,
      ],
      { delivery: { lingerMs: 0, retryCapMs: 60_000 } },
    );
    const told = vi.fn();
    meter.on("retrying", told);
    const first = ["one", "two"].map((id) => meter.record(page(id)))[0];
    await first?.settled;
    expect(meter.health()).toMatchObject({ ok: true, state: "open" });
    expect(await meter.record(page("three")).settled).toEqual({ state: "acknowledged" });
    expect(sent()).toEqual([["one", "two"], ["three"]]);
    expect(told).not.toHaveBeenCalled();
    await meter.close({ timeoutMs: 0 });
  });

  test("without a token nothing leaves, and it is asked for again", async () => {
    const source = vi
      .fn<() => Promise<string>>()
      .mockRejectedValueOnce(new Error("signed out"))
      .mockRejectedValueOnce(new Error("signed out"))
      .mockResolvedValue("token");
    const { meter, batches } = metered([accepted], { token: source });
    meter.record(page("one"));
    expect(await meter.flush()).toBe(true);
    expect(batches.map(({ token }) => token)).toEqual(["token"]);
  });

  test("sendNow() starts its requests before it returns, once for each event", async () => {
    const { meter, sent } = metered([accepted], { delivery: { lingerMs: 60_000 } });
    meter.record(page("one"));
    meter.sendNow();
    meter.record(page("two"));
    meter.sendNow();
    expect(sent()).toEqual([["one"], ["two"]]);
    expect(await meter.flush()).toBe(true);
    expect(sent()).toHaveLength(2);
  });

  test("what was first sent too long ago is kept from being counted twice", async () => {
    vi.useFakeTimers();
    const { meter, batches } = metered([() => new Response("", { status: 500 })], {
      dedupWindowMs: 3_600_000,
      delivery: { lingerMs: 0, retryCapMs: 60_000 },
    });
    const told = vi.fn();
    meter.on("quarantined", told);
    const receipt = meter.record(page("one"));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(told).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(120_000);
    const attempts = batches.length;
    await vi.advanceTimersByTimeAsync(3_600_000);

    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
    expect(told).toHaveBeenCalledTimes(1);
    expect(batches).toHaveLength(attempts);
    expect(await meter.stats()).toMatchObject({ recorded: 1, quarantined: 1, pending: 0 });
  });

  test("whatever the relay does, no promise rejects, the accounts add up, and each event ends once", async () => {
    const mood = fc.constantFrom<Answer>(
      accepted,
      accepted,
      ({ events }) =>
        results(
          events.map(({ event_id }, index) =>
            index % 2 === 0 ? { event_id, state: "rejected" } : { event_id, state: "duplicate" },
          ),
        ),
      ({ events }) =>
        results(events.map(({ event_id }) => ({ event_id, state: "retry", retry_after_ms: 0 }))),
      () => results([]),
      () => new Response("", { status: 500 }),
      () => new Response("", { status: 413 }),
      () => new Response("", { status: 403 }),
      () => Response.json({ results: "none" }),
      () => Promise.reject(new Error("gone")),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(mood, { maxLength: 6 }),
        fc.integer({ min: 1, max: 8 }),
        async (moods, count) => {
          const { meter } = metered([...moods, accepted]);
          const settled = Array.from(
            { length: count },
            (_, index) => meter.record(page(`e${index}`)).settled,
          );
          await expectLaw(meter);
          expect(await meter.flush()).toBe(true);
          await expectLaw(meter);
          const states = (await Promise.all(settled)).map(({ state }) => state);
          const { acknowledged, rejected, pending } = await meter.stats();
          expect([acknowledged, rejected, pending]).toEqual([
            states.filter((state) => state === "acknowledged").length,
            states.filter((state) => state === "rejected").length,
            0,
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("sessions and measured calls", () => {
  test("both boundaries carry one session id; all of one meter are one session", async () => {
    const { meter, batches } = metered();
    const one = await meter.startSession({ meter_id: "chat.on.time_hours" });
    const two = await meter.startSession({ meter_id: "chat.on.time_hours" });
    const own = await meter.startSession({ meter_id: "chat.on.time_hours" }, { scope: "process" });
    expect(two.session_id).toBe(one.session_id);
    expect(own.session_id).not.toBe(one.session_id);
    await one.end();
    await meter.flush();
    expect(batches.flatMap(({ events }) => events)).toHaveLength(2);
    await two.end();
    await two.end();
    await meter.flush();

    const shared = batches
      .flatMap(({ events }) => events)
      .filter(({ session_id }) => session_id === one.session_id);
    expect(shared).toMatchObject([{ start_time: expect.any(Number) }, { end_time: expect.any(Number) }]);
  });

  test("a session of no meter says why", async () => {
    const { meter } = metered();
    const session = await Reflect.apply(meter.startSession, meter, [{ meter_id: "chat.on" }]);
    expect(session.started).toMatchObject({ ok: false, error: { code: "invalid_event" } });
    expect(await session.end()).toMatchObject({ ok: false });
  });

  test("time() answers what the work does, also when it throws, and meters it", async () => {
    const { meter, batches } = metered();
    const metered_ = vi.fn();
    expect(await meter.time({ meter_id: "chat.query.time_secs" }, () => 7, { onMetered: metered_ })).toBe(7);
    const failing = meter.time({ meter_id: "chat.query.time_secs" }, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    await meter.flush();
    expect(metered_).toHaveBeenCalledWith({ ok: true, event_id: expect.any(String) });
    expect(batches.flatMap(({ events }) => events)).toMatchObject([
      { meter_id: "chat.query.time_secs", start_time: expect.any(Number), end_time: expect.any(Number) },
      { meter_id: "chat.query.time_secs" },
    ]);
  });
});
