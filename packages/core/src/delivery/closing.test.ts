import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sqliteOutbox } from "../../../outbox-sqlite/src/index.ts";
import { memoryTransport } from "../index.ts";
import type { SendAnswer } from "../transport.ts";
import "../../../testing/src/matchers.ts";
import { engineRig, recordMany, usage } from "../../test/engine-rig.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meter-closing-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const CLOSED = { rejected: 0, quarantined: 0, refused: {} };
const openOutbox = () => sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" });

test("close delivers what it can; a second close answers the same", async () => {
  const { client, clock, transport } = engineRig();
  recordMany(client, 3);
  const closings = [client.close(), client.close()];
  await clock.advance(0);
  expect(await Promise.all(closings)).toEqual([
    { ...CLOSED, acknowledged: 3, persisted: 0, lost: 0 },
    { ...CLOSED, acknowledged: 3, persisted: 0, lost: 0 },
  ]);
  expect(transport).toHaveAcknowledged(3);
});

test("after close nothing is recorded, and the receipt says so", async () => {
  const { client } = engineRig();
  await client.close();
  const receipt = client.record(usage());
  expect(await receipt.durable).toMatchObject({ reason: "refused", error: { code: "closed" } });
});

test("a memory outbox accounts for what it lost", async () => {
  const { client, clock, transport } = engineRig({ receiver: { dedup: false } });
  transport.failNext({ kind: "unavailable", reason: "down" });
  const receipts = recordMany(client, 4);
  const closing = client.close({ timeoutMs: 200 });
  await clock.advance(3_000);
  expect(await closing).toEqual({ ...CLOSED, acknowledged: 0, persisted: 0, lost: 4 });
  expect(await receipts[0]?.settled).toEqual({ state: "lost" });
  const stats = await client.stats();
  expect(stats).toMatchObject({ recorded: 4, lost: 4, pending: 0 });
  expect(stats).toBalance();
});

test("close without time sends nothing that it would have to cut off", async () => {
  const { client, clock, transport } = engineRig({ receiver: { dedup: false } });
  const receipts = recordMany(client, 2);
  const closing = client.close({ timeoutMs: 0 });
  await clock.advance(0);
  expect(await closing).toEqual({ ...CLOSED, acknowledged: 0, persisted: 0, lost: 2 });
  expect(await receipts[0]?.settled).toEqual({ state: "lost" });
  expect(transport.batches).toHaveLength(0);
});

test("what is on the way at close is aborted, and counts as unsure", async () => {
  const { client, clock, transport } = engineRig({ receiver: { dedup: false }, outbox: openOutbox() });
  transport.pause();
  const [receipt] = recordMany(client, 2);
  await clock.advance(1_000);
  const closing = client.close({ timeoutMs: 100 });
  await clock.advance(3_000);
  expect(await closing).toEqual({ ...CLOSED, acknowledged: 0, persisted: 0, lost: 0 });
  expect(await receipt?.settled).toMatchObject({ state: "quarantined" });
});

test("what never left is persisted without doubt, and the next process delivers it once", async () => {
  const first = engineRig({ receiver: { dedup: false }, outbox: openOutbox() });
  first.transport.failNext({ kind: "unavailable", reason: "down", retryAfterMs: 60_000 });
  const receipts = recordMany(first.client, 4);
  await first.clock.advance(1_000);
  const closing = first.client.close({ timeoutMs: 100 });
  await first.clock.advance(3_000);
  expect(await closing).toEqual({ ...CLOSED, acknowledged: 0, persisted: 4, lost: 0 });
  expect(await receipts[0]?.settled).toEqual({ state: "persisted" });

  const second = engineRig({ receiver: { dedup: false }, outbox: openOutbox() });
  await second.clock.advance(5_000);
  expect(second.transport).toHaveAcknowledged(4);
  expect(second.transport).toHaveCountedOnce();
  await second.client.close();
});

test("closed in the middle of a bisection: the parts that did not leave are in no doubt", async () => {
  const { promise: never } = Promise.withResolvers<SendAnswer>();
  let calls = 0;
  const transport = {
    name: "stuck",
    send: () => {
      calls++;
      return calls === 1 ? Promise.resolve<SendAnswer>({ fault: { kind: "invalid", reason: "no" } }) : never;
    },
  };
  const first = engineRig({ transport, outbox: openOutbox(), delivery: { maxInFlight: 1 } });
  recordMany(first.client, 8);
  await first.clock.advance(1_000);
  expect(calls).toBe(2);
  const closing = first.client.close({ timeoutMs: 100 });
  await first.clock.advance(5_000);
  expect(await closing).toEqual({ ...CLOSED, acknowledged: 0, persisted: 4, lost: 0 });

  const receiver = memoryTransport();
  const second = engineRig({ transport: receiver, outbox: openOutbox() });
  await second.clock.advance(5_000);
  expect(receiver).toHaveAcknowledged(4);
  expect(await second.client.stats()).toMatchObject({ acknowledged: 4, quarantined: 4, pending: 0 });
  await second.client.close();
});

test("a transport that never answers and ignores its signal does not keep close waiting for ever", async () => {
  const { client, clock } = engineRig({
    transport: { name: "deaf", send: () => new Promise(() => {}) },
  });
  client.record(usage());
  await clock.advance(1_000);
  const closing = client.close({ timeoutMs: 500 });
  await clock.advance(5_000);
  expect(await closing).toMatchObject({ lost: 0 });
  expect(await client.stats()).toMatchObject({ quarantined: 1 });
});

test("a closed client leaves no timer behind", async () => {
  const { client, clock, transport } = engineRig();
  transport.failNext({ kind: "unavailable", reason: "down" });
  recordMany(client, 3);
  await clock.advance(1_500);
  const closing = client.close({ timeoutMs: 100 });
  await clock.advance(2_000);
  await closing;
  expect(clock.timers).toEqual([]);
});
