import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sqliteOutbox } from "../../../outbox-sqlite/src/index.ts";
import { fallback, route } from "../compose.ts";
import { memoryTransport } from "../index.ts";
import "../../../testing/src/matchers.ts";
import { ALWAYS_DEDUP, engineRig, recordMany, usage } from "../../test/engine-rig.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meter-outage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("after a long outage a durable backlog leaves by itself, without another event", async () => {
  const outbox = sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" });
  // Small, so that most of the backlog waits in the file alone.
  const { client, clock, transport } = engineRig({ outbox, delivery: { maxHeldEvents: 100 } });
  for (let i = 0; i < 20; i++) transport.failNext({ kind: "unavailable", reason: "down" });
  for (let i = 0; i < 8; i++) {
    recordMany(client, 50);
    await clock.settle();
  }
  await clock.advance(6 * 3_600_000);
  expect(transport).toHaveAcknowledged(400);
  expect(transport).toHaveCountedOnce();
  expect(await client.stats()).toBalance();
  await client.close();
});

test("a retry comes when it is due, also while the memory is too full to take more from the outbox", async () => {
  const outbox = sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" });
  const { client, clock, transport } = engineRig({ outbox, delivery: { maxHeldEvents: 100 } });
  for (let i = 0; i < 4; i++) transport.failNext({ kind: "unavailable", reason: "down" });
  recordMany(client, 90);
  await clock.advance(15_500);
  expect(transport.batches).toHaveLength(4);
  await clock.advance(1_000);
  expect(transport.batches.length).toBeGreaterThan(4);
  await clock.advance(2_000);
  expect(transport).toHaveAcknowledged(90);
  await client.close();
});

test("one failing destination does not keep the others waiting", async () => {
  const down = memoryTransport({ name: "down", answer: () => ({ state: "retry", reason: "down" }) });
  const up = memoryTransport({ name: "up" });
  const { client, clock } = engineRig({
    transport: route(({ tenant_id }) => (tenant_id === "tenant-a" ? down : up)),
  });
  recordMany(client, 3, "tenant-a");
  await clock.advance(60_000);
  client.record(usage("tenant-b"));
  await clock.advance(1_000);
  expect(up).toHaveAcknowledged(1);
  expect(client.health().destinations).toMatchObject([
    { name: "down", state: "probing", queued: 3 },
    { name: "up", state: "open", queued: 0 },
  ]);
  expect(await client.stats()).toMatchObject({ recorded: 4, acknowledged: 1, pending: 3 });
});

test("a fallback takes over what the first certainly did not process, counted once", async () => {
  const first = memoryTransport({ name: "first" });
  const second = memoryTransport({ name: "second" });
  const { client, clock } = engineRig({ transport: fallback([first, second]) });
  first.failNext({ kind: "unavailable", reason: "down" });
  recordMany(client, 3);
  await clock.advance(1_000);
  expect([first.events.length, second.events.length]).toEqual([0, 3]);
  expect(await client.stats()).toMatchObject({ recorded: 3, acknowledged: 3 });
});

test("what the first may have processed goes on only within one dedup domain", async () => {
  const apart = [memoryTransport({ name: "first" }), memoryTransport({ name: "second" })] as const;
  const dedup = { ...ALWAYS_DEDUP, domain: "one" };
  const together = [
    memoryTransport({ name: "first", dedup }),
    memoryTransport({ name: "second", dedup }),
  ] as const;
  for (const [transports, fate] of [
    [apart, { quarantined: 1, acknowledged: 0 }],
    [together, { quarantined: 0, acknowledged: 1 }],
  ] as const) {
    const { client, clock } = engineRig({ transport: fallback(transports) });
    transports[0].failNext({ state: "unsure", reason: "lost" });
    client.record(usage());
    await clock.advance(10_000);
    expect(transports[1].events).toHaveLength(fate.acknowledged);
    const stats = await client.stats();
    expect(stats).toMatchObject({ ...fate, pending: 0 });
    expect(stats).toBalance();
  }
});
