import type { Receipt, UsageEvent } from "@meter-lib/core";
import type { PageEvent } from "@meter-lib/core/wire";
import { fakeClock } from "@meter-lib/testing";
import { expect, test } from "vitest";
import {
  batchOf,
  ORIGIN,
  PRINCIPAL,
  pageEvent,
  pageRequest,
  postEvents,
  relayUnderTest,
} from "../../test/relay-under-test.ts";
import type { Principal } from "../access/authenticate.ts";
import type { DedupStore } from "../dedup/dedup-store.ts";
import { createRelay, memoryDedup } from "../index.ts";

const HOUR = 3_600_000;

/** A client that takes what it is given, and a relay that can crash before or after. */
const crashingRelay = (dedup: DedupStore = memoryDedup()) => {
  const clock = fakeClock();
  const taken: UsageEvent[] = [];
  let crash: "never" | "before" | "after" = "never";
  let principal: Principal = PRINCIPAL;
  const receipt = (event_id: string, durable: Receipt["durable"]): Receipt => ({
    event_id,
    durable,
    settled: new Promise(() => {}),
    stored: undefined,
    fate: undefined,
  });
  const newRelay = () =>
    createRelay({
      authenticate: () => principal,
      dedup,
      origins: [ORIGIN],
      clock,
      onError: () => {},
      client: {
        ingest: (events) => {
          if (crash === "before") throw new Error("killed before the hand-off");
          taken.push(...events);
          if (crash === "after") throw new Error("killed after the hand-off");
          return events.map(({ event_id }) => receipt(event_id, Promise.resolve({ ok: true })));
        },
      },
    });
  let relay = newRelay();
  return {
    clock,
    taken,
    crashNext: (when: "before" | "after") => {
      crash = when;
    },
    restart: (next: Principal = PRINCIPAL) => {
      crash = "never";
      principal = next;
      relay = newRelay();
    },
    post: async (event: PageEvent, offMs = 0) => (await postEvents(relay, [event], clock.now() + offMs))?.[0],
  };
};

test("a crash before the hand-off loses nothing: after the lease the event is taken", async () => {
  const { clock, taken, crashNext, restart, post } = crashingRelay();
  const event = pageEvent({ event_time: clock.now() });
  crashNext("before");
  await post(event);
  restart();
  expect(await post(event)).toEqual({
    event_id: event.event_id,
    state: "retry",
    reason: "another request is taking it",
    retry_after_ms: 1_000,
  });
  await clock.advance(30_000);
  expect(await post(event)).toMatchObject({ state: "accepted" });
  expect(await post(event)).toMatchObject({ state: "duplicate" });
  expect(taken).toHaveLength(1);
});

test("after a crash behind the hand-off the same content is handed on again, whatever has changed since", async () => {
  const { clock, taken, crashNext, restart, post } = crashingRelay();
  const event = pageEvent({ event_time: clock.now() + 5 * HOUR });
  crashNext("after");
  await post(event, 5 * HOUR);
  await clock.advance(30_000);
  // The page has another token for another device, its clock was set right, and the network is slow.
  restart({ ...PRINCIPAL, device_id: "web-2" });
  expect(await post(event, -2_000)).toMatchObject({ state: "accepted" });
  const [first, second] = taken;
  expect(second).toEqual(first);
  expect(first).toMatchObject({ event_time: event.event_time - 5 * HOUR, device_id: "web-1" });
});

test("another event under a known id is rejected, whether the first is under way or taken", async () => {
  const { clock, taken, crashNext, restart, post } = crashingRelay();
  const event = pageEvent({ event_time: clock.now() });
  const other = { ...event, total_usage: 25 };
  const conflict = { state: "rejected", reason: "event_id: this id was used before for another event" };
  crashNext("before");
  await post(event);
  restart();
  expect(await post(other)).toMatchObject(conflict);
  await clock.advance(30_000);
  expect(await post(event)).toMatchObject({ state: "accepted" });
  expect(await post(other)).toMatchObject(conflict);
  expect(taken).toMatchObject([{ total_usage: 24 }]);
});

test.each<Partial<PageEvent>>([
  { meter_id: "page.processed.advanced" },
  { event_time: 1_700_000_000_000 },
  { metadata: { plan: "pro" } },
  { session_id: "s" },
])("an event that differs in %o is another event", async (fields) => {
  const { relay } = relayUnderTest();
  const event = pageEvent();
  await postEvents(relay, [event]);
  expect(await postEvents(relay, [{ ...event, ...fields }])).toMatchObject([{ state: "rejected" }]);
});

test("in one batch, an event that stands twice is taken once, and another one under its id is rejected", async () => {
  const { relay, transport, client } = relayUnderTest();
  const event = pageEvent();
  expect(await postEvents(relay, [event, event, { ...event, total_usage: 1 }])).toMatchObject([
    { state: "accepted" },
    { state: "duplicate" },
    { state: "rejected" },
  ]);
  await client.flush();
  expect(transport.events).toMatchObject([{ total_usage: 24 }]);
});

test("fifty requests with the same batch at once count it once", async () => {
  const { relay, transport, client } = relayUnderTest();
  const events = ["a", "b", "c"].map((event_id) => pageEvent({ event_id }));
  const answers = await Promise.all(Array.from({ length: 50 }, () => postEvents(relay, events)));
  const states = answers.flat().map(({ state }) => state);
  expect(states.filter((state) => state === "accepted")).toHaveLength(3);
  expect(states).not.toContain("rejected");
  expect(await postEvents(relay, events)).toMatchObject(events.map(() => ({ state: "duplicate" })));
  await client.flush();
  expect(transport.events.map(({ event_id }) => event_id.at(-1))).toEqual(["a", "b", "c"]);
});

test("the same id of two tenants is two events", async () => {
  let tenant = 0;
  const { relay, transport, client } = relayUnderTest({
    authenticate: () => ({ ...PRINCIPAL, tenant_id: `tenant-${++tenant}` }),
  });
  for (let i = 0; i < 2; i++)
    expect(await postEvents(relay, [pageEvent()])).toMatchObject([{ state: "accepted" }]);
  await client.flush();
  expect(transport.events.map(({ tenant_id }) => tenant_id).toSorted()).toEqual(["tenant-1", "tenant-2"]);
});

test("what was rejected is forgotten: put right, the event is taken under the same id", async () => {
  const { relay } = relayUnderTest();
  const event = pageEvent();
  const wrong = { ...event, meter_id: "document.basic.page" };
  expect(await postEvents(relay, [wrong])).toMatchObject([{ state: "rejected" }]);
  expect(await postEvents(relay, [event])).toMatchObject([{ state: "accepted" }]);
});

const failing = (call: "claim" | "settle"): DedupStore => ({
  ...memoryDedup(),
  [call]: () => Promise.reject(new Error(`${call} failed`)),
});

test("when the dedup store takes no claims, nothing is handed on and the page is told to come again", async () => {
  const errors: unknown[] = [];
  const { relay, transport, client } = relayUnderTest({
    dedup: failing("claim"),
    onError: (error) => errors.push(error),
  });
  const answer = await relay(pageRequest({ body: batchOf(pageEvent()) }));
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("5");
  expect(await answer.json()).toEqual({
    error: { code: "unavailable", message: "the relay cannot take events now" },
  });
  expect(errors).toMatchObject([{ message: "claim failed" }]);
  await client.flush();
  expect(transport.events).toEqual([]);
});

test("when the dedup store cannot settle, the event is safe all the same, and known to the client's outbox", async () => {
  const clock = fakeClock();
  const errors: unknown[] = [];
  const { relay, transport, client } = relayUnderTest({
    clock,
    dedup: failing("settle"),
    onError: (error) => errors.push(error),
  });
  const event = pageEvent({ event_time: clock.now() });
  expect(await postEvents(relay, [event], clock.now())).toMatchObject([{ state: "accepted" }]);
  await clock.advance(30_000);
  expect(await postEvents(relay, [event], clock.now())).toMatchObject([{ state: "duplicate" }]);
  expect(errors).toMatchObject([{ message: "settle failed" }, { message: "settle failed" }]);
  const flushed = client.flush();
  await clock.advance(5_000);
  await flushed;
  expect(transport.events).toHaveLength(1);
});

test("a store that answers what the relay did not write is not trusted", async () => {
  const errors: unknown[] = [];
  const { relay } = relayUnderTest({
    dedup: {
      ...memoryDedup(),
      claim: ({ entries }) => entries.map(() => ({ state: "confirmed", note: '{"mark":1}' })),
    },
    onError: (error) => errors.push(error),
  });
  expect((await relay(pageRequest({ body: batchOf(pageEvent()) }))).status).toBe(503);
  expect(errors).toMatchObject([{ name: "TypeError" }]);
});

test("a batch costs one claim and one settlement, whatever becomes of its events", async () => {
  const calls: string[] = [];
  const store = memoryDedup();
  const { relay } = relayUnderTest({
    dedup: {
      ...store,
      claim: (request) => {
        calls.push(`claim ${request.entries.length}`);
        return store.claim(request);
      },
      settle: (request) => {
        calls.push(`confirm ${request.confirmed.length}, release ${request.released.length}`);
        return store.settle(request);
      },
    },
    policy: { maxUsage: 24 },
  });
  const events = Array.from({ length: 10 }, (_, index) =>
    pageEvent({ event_id: `event-${index}`, total_usage: index < 8 ? 1 : 25 }),
  );
  await postEvents(relay, events);
  expect(calls).toEqual(["claim 10", "confirm 8, release 2"]);
});

test("what the dedup store claims too late is given back: the page comes again, and is taken", async () => {
  const clock = fakeClock();
  const store = memoryDedup();
  const late = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  let claims = 0;
  const { relay } = relayUnderTest({
    clock,
    dedup: {
      ...store,
      claim: async (request) => {
        if (++claims === 1) await late.promise;
        return store.claim(request);
      },
    },
    onError: (error) => errors.push(error),
  });
  const event = pageEvent({ event_time: clock.now() });
  const post = () => relay(pageRequest({ body: { sent_at: clock.now(), events: [event] } }));
  const first = post();
  await clock.advance(10_000);
  expect((await first).status).toBe(503);
  expect(errors).toMatchObject([{ message: "the dedup store memory did not answer in time" }]);
  late.resolve();
  await clock.settle();
  expect((await post()).status).toBe(200);
});
