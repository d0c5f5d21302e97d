import { fakeClock } from "@meter-lib/testing";
import { expect, test } from "vitest";
import { batchOf, PRINCIPAL, pageEvent, pageRequest, relayUnderTest } from "../../test/relay-under-test.ts";
import type { Principal } from "../access/authenticate.ts";

const CHUNK = new Uint8Array(65_536).fill(0x20);

/** A body that comes as long as it is asked for, up to `chunks`. */
const endless = (chunks: number) => {
  const seen = { pulled: 0, cancelled: false };
  const text = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        seen.pulled++;
        controller.enqueue(CHUNK);
        if (seen.pulled >= chunks) controller.close();
      },
      cancel: () => {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { seen, text };
};

test("50 MB that no header tells of are given up as soon as they are too many", async () => {
  const { relay } = relayUnderTest();
  const { seen, text } = endless(800);
  const answer = await relay(pageRequest({ text }));
  expect(answer.status).toBe(413);
  expect(await answer.json()).toEqual({
    error: { code: "body_too_large", message: "body: expected at most 65536 bytes" },
  });
  expect(seen).toEqual({ pulled: 2, cancelled: true });
});

test("a length that is too large is believed, and nothing read", async () => {
  const { relay } = relayUnderTest();
  const { seen, text } = endless(800);
  const answer = await relay(pageRequest({ text, headers: { "content-length": "52428800" } }));
  expect(answer.status).toBe(413);
  expect(seen.pulled).toBe(0);
});

test("a length that is too small is not believed", async () => {
  const { relay } = relayUnderTest();
  const answer = await relay(pageRequest({ text: endless(800).text, headers: { "content-length": "10" } }));
  expect(answer.status).toBe(413);
});

test.each([
  [0, 200],
  [1, 413],
])("a body of the limit and %i bytes more answers %i", async (more, status) => {
  const maxBodyBytes = 2_000;
  const { relay } = relayUnderTest({ limits: { maxBodyBytes } });
  const event = { event_id: "a", meter_id: "page.processed.basic", event_time: Date.now(), total_usage: 1 };
  const text = JSON.stringify({ sent_at: Date.now(), events: [event] }).padEnd(maxBodyBytes + more);
  expect((await relay(pageRequest({ text }))).status).toBe(status);
});

test("a million events are refused for their number", async () => {
  const { relay, transport } = relayUnderTest({ limits: { maxBodyBytes: 10_000_000 } });
  const text = `{"sent_at":${Date.now()},"events":[${"1,".repeat(999_999)}1]}`;
  const answer = await relay(pageRequest({ text }));
  expect(answer.status).toBe(413);
  expect(await answer.json()).toEqual({
    error: {
      code: "too_many_events",
      message: "events: expected at most 500 in one request, got 1000000",
    },
  });
  expect(transport.batches).toEqual([]);
});

test("a body that does not end is given up in time", async () => {
  const clock = fakeClock();
  const { relay } = relayUnderTest({ clock, limits: { bodyTimeoutMs: 3_000 } });
  let cancelled = false;
  const text = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
    cancel: () => {
      cancelled = true;
    },
  });
  const answering = relay(pageRequest({ text }));
  await clock.advance(2_999);
  expect(cancelled).toBe(false);
  await clock.advance(1);
  const answer = await answering;
  expect(answer.status).toBe(408);
  expect(await answer.json()).toMatchObject({ error: { code: "body_timeout" } });
  expect(cancelled).toBe(true);
  expect(clock.timers).toEqual([]);
});

test("a body whose connection breaks is refused", async () => {
  const { relay } = relayUnderTest();
  const text = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new TypeError("terminated")),
  });
  const answer = await relay(pageRequest({ text }));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: "body_failed" } });
});

test("more requests at once than are allowed are turned away, and later ones are taken", async () => {
  const known = Promise.withResolvers<Principal>();
  const { relay } = relayUnderTest({ limits: { maxConcurrent: 2 }, authenticate: () => known.promise });
  let posted = 0;
  const post = () => relay(pageRequest({ body: batchOf(pageEvent({ event_id: `event-${posted++}` })) }));
  const waiting = [post(), post()];
  const turnedAway = await post();
  expect(turnedAway.status).toBe(503);
  expect(turnedAway.headers.get("retry-after")).toBe("1");
  expect(await turnedAway.json()).toMatchObject({ error: { code: "overloaded" } });
  known.resolve(PRINCIPAL);
  for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
  expect((await post()).status).toBe(200);
});

test("bodies on their way in take no place from a whole one: that which has taken longest is given up for it", async () => {
  const { relay } = relayUnderTest({ limits: { maxBodies: 2, maxConcurrent: 1 } });
  let cancelled = 0;
  const trickle = () =>
    relay(
      pageRequest({
        text: new ReadableStream<Uint8Array>({
          cancel: () => {
            cancelled++;
          },
        }),
      }),
    );
  const first = trickle();
  void trickle();
  const answer = await relay(pageRequest({ body: batchOf(pageEvent()) }));
  expect(answer.status).toBe(200);
  const givenUp = await first;
  expect(givenUp.status).toBe(503);
  expect(await givenUp.json()).toMatchObject({ error: { code: "overloaded" } });
  expect(cancelled).toBe(1);
  // The place that the whole one left is free again.
  void trickle();
  expect(cancelled).toBe(1);
});
