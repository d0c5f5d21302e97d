import { memoryTransport } from "@meter-lib/core";
import { route } from "@meter-lib/core/compose";
import type { MemoryTransportOptions, Outcome, SendAnswer } from "@meter-lib/core/transport";
import { type FakeClock, fakeClock } from "@meter-lib/testing";
import { expect, test } from "vitest";
import { customerLookup, ORIGIN, PRINCIPAL, pageEvent, pageRequest } from "../../test/relay-under-test.ts";
import { createRelay, type DirectDestination, memoryDedup, type Relay } from "../index.ts";

const relayOf = (clock: FakeClock, destination: Partial<DirectDestination>) => {
  const told: unknown[] = [];
  const relay = createRelay({
    authenticate: () => PRINCIPAL,
    dedup: memoryDedup(),
    origins: [ORIGIN],
    transport: memoryTransport(),
    customerLookup,
    clock,
    onError: (error) => told.push(error),
    ...destination,
  });
  return { relay, told };
};

const post = async (relay: Relay, clock: FakeClock, events: readonly unknown[]) => {
  const answer = await relay(pageRequest({ body: { sent_at: clock.now(), events } }));
  const body: { results?: readonly Record<string, unknown>[] } = JSON.parse(await answer.text());
  return { status: answer.status, results: body.results };
};

const setUp = (options: MemoryTransportOptions = {}, destination: Partial<DirectDestination> = {}) => {
  const clock = fakeClock();
  const transport = memoryTransport(options);
  const { relay, told } = relayOf(clock, { transport, ...destination });
  const events = [pageEvent({ event_time: clock.now() })];
  return {
    clock,
    transport,
    told,
    post: (sent: readonly unknown[] = events) => post(relay, clock, sent),
    events,
  };
};

const UNSURE: Outcome = { state: "unsure", reason: "the connection was lost", status: 502 };

test("events are taken when the receiver has acknowledged them, each once", async () => {
  const { transport, post } = setUp();
  expect(await post()).toMatchObject({ status: 200, results: [{ state: "accepted" }] });
  expect(await post()).toMatchObject({ status: 200, results: [{ state: "duplicate" }] });
  expect(transport.events).toMatchObject([
    { ...PRINCIPAL, customer_id: "customer of tenant_123", total_usage: 24 },
  ]);
});

test("many events go out a few at a time and are answered in order", async () => {
  let underWay = 0;
  let most = 0;
  const { post, clock } = setUp(
    {},
    {
      transport: {
        name: "slow",
        send: async ({ events }) => {
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setImmediate(resolve));
          underWay--;
          return {
            outcomes: events.map(({ total_usage }) =>
              total_usage === 7
                ? { state: "rejected", reason: "seven", status: 422 }
                : { state: "acknowledged" },
            ),
          };
        },
      },
    },
  );
  const events = Array.from({ length: 100 }, (_, index) =>
    pageEvent({ event_id: `event-${index}`, total_usage: index, event_time: clock.now() }),
  );
  const { results } = await post(events);
  expect(results?.map(({ event_id, state }) => `${event_id} ${state}`)).toEqual(
    events.map(({ event_id }, index) => `${event_id} ${index === 7 ? "rejected" : "accepted"}`),
  );
  expect(most).toBe(16);
});

test.each([
  ["quarantine", 9_500, { accepted: 16, retry: 80 }],
  ["resend", 9_500, { accepted: 16, retry: 80 }],
  ["quarantine", 12_000, { retry: 96 }],
  ["resend", 12_000, { retry: 96 }],
] as const)(
  "a batch has one deadline, and a claim lives as long as the work: with %s a receiver that takes %i ms gets each event once",
  async (ambiguity, delayMs, first) => {
    const clock = fakeClock();
    const posted: string[] = [];
    const { relay } = relayOf(clock, {
      ambiguity,
      transport: {
        name: "slow",
        send: ({ events }) => {
          posted.push(...events.map(({ event_id }) => event_id));
          const { promise, resolve } = Promise.withResolvers<SendAnswer>();
          clock.schedule(delayMs, () => resolve({ outcomes: events.map(() => ({ state: "acknowledged" })) }));
          return promise;
        },
      },
    });
    const events = Array.from({ length: 96 }, (_, index) =>
      pageEvent({ event_id: `event-${index}`, event_time: clock.now() }),
    );
    const counts: Record<string, number>[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      const answering = post(relay, clock, events);
      await clock.advance(10_000);
      const { results = [] } = await answering;
      const count: Record<string, number> = {};
      for (const { state } of results) count[String(state)] = (count[String(state)] ?? 0) + 1;
      counts.push(count);
    }
    // Of what is not acknowledged in time, a round is under way and goes on; the others are not begun.
    expect(counts[0]).toEqual(first);
    expect(counts.flatMap((count) => Object.keys(count))).not.toContain("rejected");
    expect(counts.at(-1)).toEqual({ duplicate: 96 });
    expect(posted).toHaveLength(96);
    expect(new Set(posted).size).toBe(96);
    expect(clock.timers).toEqual([]);
  },
);

test("a claim that lapses while the process is held up is nobody else's in this process", async () => {
  const clock = fakeClock();
  const answer = Promise.withResolvers<SendAnswer>();
  let posted = 0;
  const { relay } = relayOf(clock, {
    transport: {
      name: "slow",
      send: () => {
        posted++;
        return answer.promise;
      },
    },
  });
  const event = pageEvent({ event_time: clock.now() });
  const first = post(relay, clock, [event]);
  await clock.settle();
  // The machine slept: the lease is over, and no timer has run.
  clock.setTimeOfDay(clock.now() + 60_000);
  const again = post(relay, clock, [event]);
  const other = post(relay, clock, [{ ...event, total_usage: 1 }]);
  await clock.settle();
  expect(await again).toMatchObject({
    results: [{ state: "retry", reason: "another request is taking it" }],
  });
  expect(await other).toMatchObject({ results: [{ state: "rejected" }] });
  answer.resolve({ outcomes: [{ state: "acknowledged" }] });
  await clock.settle();
  expect(await first).toMatchObject({ results: [{ state: "accepted" }] });
  expect(await post(relay, clock, [event])).toMatchObject({ results: [{ state: "duplicate" }] });
  expect(posted).toBe(1);
});

test("an unsure event is not sent again to a receiver that does not drop repeats, and the page is told so", async () => {
  const { clock, transport, post } = setUp();
  transport.failNext(UNSURE);
  const quarantined = {
    state: "rejected",
    reason: "it may have been counted, and the receiver does not drop a second one: it is not sent again",
  };
  expect(await post()).toMatchObject({ status: 200, results: [quarantined] });
  expect(await post()).toMatchObject({ status: 503, results: [{ state: "retry" }] });
  await clock.advance(30_000);
  expect(await post()).toMatchObject({ status: 200, results: [quarantined] });
  expect(transport.batches).toHaveLength(1);
});

test("a receiver that drops repeats gets an unsure event again, after the lease, with the same content", async () => {
  const { clock, transport, post } = setUp({ dedup: { windowMs: 60_000 } });
  transport.failNext(UNSURE);
  expect(await post()).toMatchObject({ status: 503, results: [{ state: "retry", retry_after_ms: 30_000 }] });
  await clock.advance(30_000);
  expect(await post()).toMatchObject({ status: 200, results: [{ state: "accepted" }] });
  const [first, second] = transport.batches;
  expect(second).toEqual(first);
});

test("where a route leads decides whether repeats are dropped", async () => {
  const dropping = memoryTransport({ name: "dropping", dedup: { windowMs: 60_000 } });
  const { post } = setUp({}, { transport: route(() => dropping) });
  dropping.failNext(UNSURE);
  expect(await post()).toMatchObject({ results: [{ state: "retry" }] });
});

test('with ambiguity "resend" it is sent again to any receiver', async () => {
  const { clock, transport, post } = setUp({}, { ambiguity: "resend" });
  transport.failNext(UNSURE);
  expect(await post()).toMatchObject({ results: [{ state: "retry" }] });
  await clock.advance(30_000);
  expect(await post()).toMatchObject({ results: [{ state: "accepted" }] });
});

test.each([
  [{ state: "rejected", reason: "no such device", status: 422 }, "rejected"],
  [{ state: "rejected", reason: "50002", status: 200 }, "rejected"],
  [{ kind: "invalid", reason: "bad", status: 400 }, "rejected"],
  [{ kind: "too_large", reason: "big", status: 413 }, "rejected"],
  [{ kind: "unavailable", reason: "busy", status: 503 }, "retry"],
  [{ kind: "unavailable", reason: "refused" }, "retry"],
  [{ kind: "blocked", reason: "key", status: 401, credentials: true }, "retry"],
  [{ kind: "blocked", reason: "moved", status: 301 }, "retry"],
  [{ state: "retry", reason: "busy", status: 429 }, "retry"],
] as const)("a receiver that answers %o makes the event %s, and it may come again", async (answer, state) => {
  const { transport, post } = setUp();
  transport.failNext(answer);
  expect(await post()).toMatchObject({ results: [{ state }] });
  expect(await post()).toMatchObject({ results: [{ state: "accepted" }] });
});

test("what the receiver says of an event is told to the operator, and to the page in fixed words", async () => {
  const { transport, post, told } = setUp();
  transport.failNext({
    state: "rejected",
    reason: "customer cust_9 is unknown at db-7.internal",
    status: 422,
  });
  const { results } = await post();
  expect(results).toMatchObject([{ state: "rejected", reason: "the backend refuses it" }]);
  expect(told).toMatchObject([{ message: expect.stringContaining("db-7.internal") }]);
});

test("an event that the meter does not allow is rejected before anything is sent", async () => {
  const { transport, post, clock } = setUp();
  const event = pageEvent({ meter_id: "chat.on.time_hours", event_time: clock.now() });
  const { results } = await post([event]);
  expect(results).toMatchObject([
    { state: "rejected", reason: "total_usage, start_time: not allowed by the catalog" },
  ]);
  expect(transport.batches).toEqual([]);
});

test("a tenant without a customer may come again", async () => {
  const { post } = setUp({}, { customerLookup: { lookup: async () => ({ state: "unknown" }) } });
  expect(await post()).toMatchObject({
    status: 503,
    results: [{ state: "retry", reason: "customer_not_found", retry_after_ms: 60_000 }],
  });
});
