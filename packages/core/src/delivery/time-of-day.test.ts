import { expect, test } from "vitest";
import { fakeClock } from "../../../testing/src/fake-clock.ts";
import type { Clock } from "../index.ts";
import "../../../testing/src/matchers.ts";
import { DAY_MS, engineRig, usage } from "../../test/engine-rig.ts";
import { seeded } from "../../test/seeded.ts";

test("a clock set back by a day holds up no batch that fills", async () => {
  const { client, clock, transport } = engineRig();
  client.record(usage());
  await clock.settle();
  clock.setTimeOfDay(clock.now() - DAY_MS);
  await clock.advance(2_000);
  expect(transport).toHaveAcknowledged(1);
});

test("nor a retry", async () => {
  const { client, clock, transport } = engineRig();
  transport.failNext({ kind: "unavailable", reason: "busy" });
  client.record(usage());
  await clock.advance(1_000);
  expect(transport.batches).toHaveLength(1);
  clock.setTimeOfDay(clock.now() - DAY_MS);
  await clock.advance(2_000);
  expect(transport).toHaveAcknowledged(1);
});

test("nor an event that waits by itself", async () => {
  const { client, clock, transport } = engineRig();
  transport.failNext({ state: "retry", reason: "later" });
  client.record(usage());
  await clock.advance(1_000);
  clock.setTimeOfDay(clock.now() - DAY_MS);
  client.record(usage());
  await clock.advance(5_000);
  expect(transport).toHaveAcknowledged(2);
});

test("a clock set forward by a day delivers all the same; times of events stay as they were", async () => {
  const { client, clock, transport } = engineRig();
  transport.failNext({ kind: "unavailable", reason: "busy" });
  const before = clock.now();
  client.record(usage());
  await clock.advance(1_000);
  clock.setTimeOfDay(clock.now() + DAY_MS);
  await clock.advance(2_000);
  client.record(usage());
  await clock.advance(2_000);
  expect(transport).toHaveAcknowledged(2);
  expect(transport.events[0]?.event_time).toBe(before);
});

test("after a freeze, what was in flight is unsure at once and goes again; an answer that came meanwhile is heard first", async () => {
  const { client, clock, transport } = engineRig();
  const freeze = () => clock.setTimeOfDay(clock.now() + DAY_MS);
  transport.pause();
  client.record(usage());
  await clock.advance(1_000);
  freeze();
  client.record(usage());
  transport.pause()();
  await clock.advance(4_000);
  expect(transport.batches.map(({ events }) => events.length)).toEqual([1, 2]);
  expect(transport).toHaveAcknowledged(2);

  const answer = transport.pause();
  client.record(usage());
  await clock.advance(1_000);
  freeze();
  client.record(usage());
  await clock.settle();
  answer();
  await clock.advance(4_000);
  expect(transport.batches).toHaveLength(4);
  expect(transport).toHaveAcknowledged(4);
});

test("the backoff goes on growing after the clock was set back", async () => {
  const { client, clock, transport } = engineRig();
  for (let i = 0; i < 20; i++) transport.failNext({ kind: "unavailable", reason: "busy" });
  client.record(usage());
  await clock.advance(4_000);
  clock.setTimeOfDay(clock.now() - DAY_MS);
  await clock.advance(60_000);
  // 1, 2, 4, 8, 16, 32 s and so on: no more than seven attempts fit.
  expect(transport.batches.length).toBeLessThanOrEqual(7);
  expect(transport.batches.length).toBeGreaterThan(5);
});

test("timers that fire a little early, and time that passes between two looks at the clock, forget no retry", async () => {
  const slow = fakeClock();
  const random = seeded(11);
  let looks = 0;
  const clock: Clock = {
    now: () => Math.floor(slow.now() + looks++ / 3),
    // As Node's, which count in whole milliseconds of another clock.
    schedule: (delayMs, callback) => slow.schedule(Math.max(0, delayMs - 1), callback),
  };
  const { client, transport } = engineRig({
    clock,
    random,
    delivery: { lingerMs: 3, retryCapMs: 7, maxBatchEvents: 1, maxInFlight: 1 },
  });
  for (let i = 0; i < 500; i++) {
    transport.failNext({ kind: "unavailable", reason: "busy" });
    const receipt = client.record(usage());
    await slow.advance(100);
    expect(transport.events.at(-1)?.event_id, `event ${i}`).toBe(receipt.event_id);
  }
});
