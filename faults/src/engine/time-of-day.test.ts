import { expect, test } from "vitest";
import "@meter-lib/testing/matchers";
import { DAY_MS, engineRig, usage } from "./engine-rig.ts";

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
