import { expect, test } from "vitest";
import "../../../testing/src/matchers.ts";
import { batchSizes, engineRig, recordMany, usage } from "../../test/engine-rig.ts";

test("a batch leaves when it is full, without waiting", async () => {
  const { client, clock, transport } = engineRig({ delivery: { maxBatchEvents: 10 } });
  recordMany(client, 25);
  await clock.settle();
  expect(batchSizes(transport)).toEqual([10, 10]);
  await clock.advance(999);
  expect(batchSizes(transport)).toEqual([10, 10]);
  await clock.advance(1);
  expect(batchSizes(transport)).toEqual([10, 10, 5]);
});

test("a burst of one tenant that fills its batches leaves without waiting", async () => {
  const { client, clock, transport } = engineRig();
  recordMany(client, 2_000);
  await clock.advance(0);
  expect(batchSizes(transport)).toEqual([500, 500, 500, 500]);
});

test("a batch is cut at its size in bytes", async () => {
  const { client, clock, transport } = engineRig({ delivery: { maxBatchBytes: 4_000 } });
  const note = "n".repeat(900);
  for (let i = 0; i < 7; i++) client.record({ ...usage(), metadata: { note } });
  await clock.advance(1_000);
  expect(batchSizes(transport).length).toBeGreaterThan(1);
  for (const size of batchSizes(transport)) expect(size).toBeLessThanOrEqual(4);
  expect(transport).toHaveAcknowledged(7);
});

test("an event that alone is larger than a batch may be still leaves", async () => {
  const { client, clock, transport } = engineRig({ delivery: { maxBatchBytes: 100 } });
  client.record({ ...usage(), metadata: { note: "n".repeat(500) } });
  client.record(usage());
  await clock.advance(2_000);
  expect(batchSizes(transport)).toEqual([1, 1]);
});

test("a lonely event leaves after the longest wait for company", async () => {
  const { client, clock, transport } = engineRig({ delivery: { lingerMs: 300 } });
  client.record(usage());
  await clock.advance(299);
  expect(transport.batches).toEqual([]);
  await clock.advance(1);
  expect(batchSizes(transport)).toEqual([1]);
});

test("no more batches are on the way at once than asked for", async () => {
  const { client, clock, transport } = engineRig({ delivery: { maxBatchEvents: 1, maxInFlight: 3 } });
  const goOn = transport.pause();
  recordMany(client, 8);
  await clock.advance(100);
  expect(transport.batches).toHaveLength(3);
  goOn();
  await clock.advance(0);
  expect(transport).toHaveAcknowledged(8);
});

test("flush waits for nothing but the answers", async () => {
  const { client, clock, transport } = engineRig();
  recordMany(client, 3);
  const flushed = client.flush();
  await clock.settle();
  expect(await flushed).toBe(true);
  expect(batchSizes(transport)).toEqual([3]);
  expect(await client.stats()).toHaveAcknowledged(3);
});

test("flush covers what was accepted before it, and what is on the way", async () => {
  const { client, clock, transport } = engineRig({ delivery: { maxBatchEvents: 1 } });
  const goOn = transport.pause();
  client.record(usage());
  await clock.advance(10);
  expect(transport.batches).toHaveLength(1);
  let done = false;
  const flushed = client.flush().then((answer) => {
    done = answer;
  });
  client.record(usage());
  await clock.advance(10);
  expect(done).toBe(false);
  goOn();
  await flushed;
  expect(done).toBe(true);
});

test("flush gives up after its time and says so", async () => {
  const { client, clock, transport } = engineRig();
  transport.pause();
  client.record(usage());
  const flushed = client.flush({ timeoutMs: 500 });
  await clock.advance(500);
  expect(await flushed).toBe(false);
  expect(await client.stats()).toMatchObject({ recorded: 1, pending: 1 });
});
