import { expect, test } from "vitest";
import type { DestinationFault } from "../transport.ts";
import "../../../testing/src/matchers.ts";
import { batchSizes, engineRig, recordMany, usage } from "../../test/engine-rig.ts";

const busy = (retryAfterMs?: number): DestinationFault => ({
  kind: "unavailable",
  reason: "busy",
  retryAfterMs,
});

/** Times of the attempts, from the first, while time goes on by `ms`. */
const attemptTimes = (rig: ReturnType<typeof engineRig>): number[] => {
  const times: number[] = [];
  const { send } = rig.transport;
  rig.transport.send = (batch, context) => {
    times.push(rig.clock.now());
    return send(batch, context);
  };
  return times;
};

const gaps = (times: readonly number[]): readonly number[] =>
  times.slice(1).map((time, index) => time - (times[index] ?? 0));

test("the waits double from one second to the cap", async () => {
  const rig = engineRig({ delivery: { retryCapMs: 20_000 } });
  const times = attemptTimes(rig);
  for (let i = 0; i < 8; i++) rig.transport.failNext(busy());
  rig.client.record(usage());
  await rig.clock.advance(200_000);
  expect(gaps(times)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
  expect(rig.transport).toHaveAcknowledged(1);
});

test("with the least jitter the waits are half as long", async () => {
  const rig = engineRig({ random: () => 0 });
  const times = attemptTimes(rig);
  for (let i = 0; i < 3; i++) rig.transport.failNext(busy());
  rig.client.record(usage());
  await rig.clock.advance(20_000);
  expect(gaps(times)).toEqual([500, 1_000, 2_000]);
});

test.each([
  ["is a floor", 7_000, 8_400],
  ["below the backoff does not shorten it", 500, 1_200],
  ["is kept within an hour", 3 * 3_600_000, 4_320_000],
  ["of 0 means: as soon as the backoff allows", 0, 1_000],
])("Retry-After %s", async (_, retryAfterMs, gap) => {
  const rig = engineRig();
  const times = attemptTimes(rig);
  rig.transport.failNext(busy(retryAfterMs));
  rig.client.record(usage());
  await rig.clock.advance(6_000_000);
  // The jitter is the largest here: 20 % on top of a Retry-After.
  expect(gaps(times)).toEqual([gap]);
});

test("Retry-After of a single event's outcome is a floor too", async () => {
  const rig = engineRig();
  const times = attemptTimes(rig);
  rig.transport.failNext({ state: "retry", reason: "later", retryAfterMs: 30_000 });
  rig.client.record(usage());
  await rig.clock.advance(100_000);
  expect(gaps(times)).toEqual([36_000]);
});

test("after five failures in a row one event probes; successes double the pace", async () => {
  const rig = engineRig({ delivery: { maxBatchEvents: 10, maxInFlight: 4 } });
  const { client, clock, transport } = rig;
  for (let i = 0; i < 6; i++) transport.failNext(busy());
  recordMany(client, 10);
  await clock.advance(15_000);
  recordMany(client, 90);
  await clock.settle();
  expect(batchSizes(transport)).toEqual([10, 10, 10, 10, 10]);
  expect(client.health().destinations).toMatchObject([{ state: "probing", queued: 100 }]);
  await clock.advance(16_000);
  expect(batchSizes(transport)).toEqual([10, 10, 10, 10, 10, 1]);

  let onTheWay = 0;
  const atLaunch: number[] = [];
  const { send } = transport;
  transport.send = async (batch, context) => {
    atLaunch.push(++onTheWay);
    const answer = await send(batch, context);
    onTheWay--;
    return answer;
  };
  await clock.advance(40_000);
  expect(atLaunch.slice(0, 4)).toEqual([1, 1, 1, 2]);
  expect(Math.max(...atLaunch)).toBe(4);
  expect(transport).toHaveAcknowledged(100);
  expect(client.health().destinations).toMatchObject([{ state: "open" }]);
});

test("several batches that were on the way together fail as one", async () => {
  const { client, clock, transport } = engineRig({ delivery: { maxBatchEvents: 1, maxInFlight: 4 } });
  for (let i = 0; i < 4; i++) transport.failNext(busy());
  recordMany(client, 4);
  await clock.advance(0);
  expect(transport.batches).toHaveLength(4);
  expect(client.health().destinations).toMatchObject([{ state: "retrying" }]);
  await clock.advance(1_000);
  expect(transport.batches.length).toBeGreaterThan(4);
  expect(transport).toHaveAcknowledged(4);
});

test("there is no limit to attempts", async () => {
  const { client, clock, transport } = engineRig({ delivery: { retryCapMs: 1_000 } });
  for (let i = 0; i < 500; i++) transport.failNext(busy());
  const receipt = client.record(usage());
  await clock.advance(600_000);
  expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
});

test("an event that fails alone in its batch waits by itself; the others go on", async () => {
  let refuse = true;
  const { client, clock, transport } = engineRig({
    receiver: {
      answer: ({ event_id }) =>
        refuse && event_id === "late" ? { state: "retry", reason: "not yet" } : { state: "acknowledged" },
    },
    delivery: { lingerMs: 100 },
  });
  client.record(usage("tenant-a", { event_id: "late" }));
  client.record(usage());
  await clock.advance(100);
  expect(await client.stats()).toMatchObject({ acknowledged: 1, pending: 1 });
  client.record(usage());
  await clock.advance(100);
  expect(await client.stats()).toMatchObject({ acknowledged: 2, pending: 1 });
  refuse = false;
  await clock.advance(2_000);
  expect(await client.stats()).toMatchObject({ acknowledged: 3, pending: 0 });
  expect(transport).toHaveCountedOnce();
});

test("retryNow does not wait", async () => {
  const { client, clock, transport } = engineRig();
  for (let i = 0; i < 6; i++) transport.failNext(busy());
  client.record(usage());
  await clock.advance(33_000);
  expect(transport.batches).toHaveLength(6);
  client.retryNow();
  await clock.settle();
  expect(transport.batches).toHaveLength(7);
  expect(transport).toHaveAcknowledged(1);
});
