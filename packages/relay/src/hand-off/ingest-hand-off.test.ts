import { type DurableOutcome, MeterError, type Receipt, type SettledOutcome } from "@meter-lib/core";
import type { PageEvent } from "@meter-lib/core/wire";
import { type FakeClock, fakeClock } from "@meter-lib/testing";
import { expect, test } from "vitest";
import {
  batchOf,
  ORIGIN,
  PRINCIPAL,
  pageEvent,
  pageRequest,
  relayUnderTest,
} from "../../test/relay-under-test.ts";
import { createRelay, memoryDedup } from "../index.ts";

/** A client whose outbox and receiver answer when a test says so. */
const scriptedClient = (clock: FakeClock, allowVolatile = false) => {
  const handed: string[] = [];
  let durable = Promise.withResolvers<DurableOutcome>();
  let settled = Promise.withResolvers<SettledOutcome>();
  const relay = createRelay({
    authenticate: () => PRINCIPAL,
    dedup: memoryDedup(),
    origins: [ORIGIN],
    allowVolatile,
    clock,
    onError: () => {},
    client: {
      ingest: (events) =>
        events.map(({ event_id }): Receipt => {
          handed.push(event_id);
          return {
            event_id,
            durable: durable.promise,
            settled: settled.promise,
            stored: undefined,
            fate: undefined,
          };
        }),
    },
  });
  const post = async (event: PageEvent) => {
    const answer = await relay(pageRequest({ body: { sent_at: clock.now(), events: [event] } }));
    const body: { results?: readonly Record<string, unknown>[] } = JSON.parse(await answer.text());
    return {
      status: answer.status,
      retryAfter: answer.headers.get("retry-after"),
      ...body.results?.[0],
    };
  };
  return {
    handed,
    post,
    stored: (outcome: DurableOutcome) => durable.resolve(outcome),
    settle: (outcome: SettledOutcome) => settled.resolve(outcome),
    renew: () => {
      durable = Promise.withResolvers();
      settled = Promise.withResolvers();
    },
  };
};

const setUp = (allowVolatile?: boolean) => {
  const clock = fakeClock();
  return { clock, event: pageEvent({ event_time: clock.now() }), ...scriptedClient(clock, allowVolatile) };
};

test("no answer is given before the outbox has the event", async () => {
  const { clock, event, post, stored } = setUp();
  let answered = false;
  const answering = post(event).finally(() => {
    answered = true;
  });
  await clock.advance(9_000);
  expect(answered).toBe(false);
  stored({ ok: true });
  expect(await answering).toMatchObject({ status: 200, state: "accepted" });
});

test("an event that the outbox had already is a duplicate", async () => {
  const { event, post, stored } = setUp();
  stored({ ok: true, repeat: true });
  expect(await post(event)).toMatchObject({ status: 200, state: "duplicate" });
});

test("an event in memory only is taken when that is allowed", async () => {
  const { event, post, stored } = setUp(true);
  stored({ ok: false, reason: "volatile" });
  expect(await post(event)).toMatchObject({ status: 200, state: "accepted" });
});

test("otherwise it is taken as soon as the receiver has it", async () => {
  const { clock, event, post, stored, settle } = setUp();
  stored({ ok: false, reason: "volatile" });
  const answering = post(event);
  await clock.advance(5_000);
  settle({ state: "acknowledged" });
  expect(await answering).toMatchObject({ status: 200, state: "accepted" });
});

test("and while the receiver does not have it, the answer is 503; nobody hands it on a second time meanwhile", async () => {
  const { clock, event, post, stored, settle, handed } = setUp();
  stored({ ok: false, reason: "volatile" });
  const answering = post(event);
  await clock.advance(10_000);
  expect(await answering).toMatchObject({ status: 503, retryAfter: "5", state: "retry" });
  // Long after the lease: the claim is kept alive.
  await clock.advance(300_000);
  expect(await post(event)).toMatchObject({
    status: 503,
    retryAfter: "1",
    reason: "another request is taking it",
  });
  settle({ state: "acknowledged" });
  await clock.settle();
  expect(await post(event)).toMatchObject({ status: 200, state: "duplicate" });
  expect(handed).toHaveLength(1);
  expect(clock.timers).toEqual([]);
});

test("when it was lost in the end, it is taken when it comes again", async () => {
  const { clock, event, post, stored, settle, renew, handed } = setUp();
  stored({ ok: false, reason: "volatile" });
  const answering = post(event);
  await clock.advance(10_000);
  await answering;
  settle({ state: "lost" });
  await clock.settle();
  renew();
  stored({ ok: true });
  expect(await post(event)).toMatchObject({ status: 200, state: "accepted" });
  expect(handed).toHaveLength(2);
});

test("an outbox that answers late still counts: the event is then a duplicate", async () => {
  const { clock, event, post, stored, handed } = setUp();
  const answering = post(event);
  await clock.advance(10_000);
  expect(await answering).toMatchObject({ status: 503, reason: "it is not yet known whether it was taken" });
  stored({ ok: true });
  await clock.settle();
  expect(await post(event)).toMatchObject({ state: "duplicate" });
  expect(handed).toHaveLength(1);
});

test.each([
  ["no_room", "retry", 503],
  ["outbox_failed", "retry", 503],
  ["closed", "retry", 503],
  ["id_conflict", "rejected", 200],
  ["invalid_event", "rejected", 200],
] as const)(
  "a client that refuses with %s makes it %s, and forgets the claim",
  async (code, state, status) => {
    const { event, post, stored, renew } = setUp();
    stored({
      ok: false,
      reason: "refused",
      error: new MeterError(code, "tenant_9 has filled /var/outbox.db"),
    });
    const answer = await post(event);
    expect(answer).toMatchObject({ state, status });
    if (state === "retry") expect(answer).toMatchObject({ reason: code, retryAfter: "5" });
    renew();
    stored({ ok: true });
    expect(await post(event)).toMatchObject({ state: "accepted" });
  },
);

test.each([
  ["rejected", "the backend refuses it"],
  [
    "quarantined",
    "it may have been counted, and the receiver does not drop a second one: it is not sent again",
  ],
] as const)(
  "an event in memory that the receiver left %s is told so, and not handed on again",
  async (state, reason) => {
    const { event, post, stored, settle, handed } = setUp();
    stored({ ok: false, reason: "volatile" });
    settle({ state, reason: "no such device", status: 422 });
    expect(await post(event)).toMatchObject({ state: "rejected", reason });
    expect(await post(event)).toMatchObject({ state: "duplicate" });
    expect(handed).toHaveLength(1);
  },
);

test("with a memory outbox and a receiver that is down, nothing is answered as taken, and it is counted once in the end", async () => {
  const clock = fakeClock();
  const { relay, transport, client } = relayUnderTest({ clock, allowVolatile: false });
  transport.failNext({ kind: "unavailable", reason: "refused", retryAfterMs: 15_000 });
  const event = pageEvent({ event_time: clock.now() });
  const post = () => relay(pageRequest({ body: { ...batchOf(event), sent_at: clock.now() } }));
  const answering = post();
  await clock.advance(10_000);
  expect((await answering).status).toBe(503);
  await clock.advance(60_000);
  expect(transport.events).toHaveLength(1);
  const again = await post();
  expect(await again.json()).toMatchObject({ results: [{ state: "duplicate" }] });
  const closed = client.close();
  await clock.advance(10_000);
  await closed;
  expect(transport.events).toHaveLength(1);
});
