import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteOutbox } from "../../../outbox-sqlite/src/index.ts";
import { memoryOutbox } from "../index.ts";
import "../../../testing/src/matchers.ts";
import { engineRig, recordMany, usage } from "../../test/engine-rig.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meter-room-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("when there is no room", () => {
  test("an event is refused at once; what was accepted stays", async () => {
    const { client, clock, transport } = engineRig({ outbox: memoryOutbox({ maxEvents: 10 }) });
    const goOn = transport.pause();
    const refused: string[] = [];
    client.on("refused", ({ error }) => refused.push(error.code));
    const receipts = recordMany(client, 12);
    await clock.advance(1_000);
    expect(await receipts[11]?.durable).toMatchObject({
      ok: false,
      reason: "refused",
      error: { code: "no_room" },
    });
    expect(await receipts[11]?.settled).toMatchObject({ state: "refused" });
    expect(refused).toEqual(["no_room", "no_room"]);
    goOn();
    await clock.advance(2_000);
    expect(transport).toHaveAcknowledged(10);
    expect(await client.stats()).toMatchObject({ recorded: 10, acknowledged: 10 });
    // Room has come free.
    client.record(usage());
    await clock.advance(2_000);
    expect(transport).toHaveAcknowledged(11);
  });

  test("bytes count too", async () => {
    const { client, clock } = engineRig({ outbox: memoryOutbox({ maxBytes: 4_000 }) });
    const metadata = { note: "ö".repeat(600) };
    const receipts = Array.from({ length: 6 }, () => client.record({ ...usage(), metadata }));
    await clock.settle();
    expect(await receipts[5]?.durable).toMatchObject({ reason: "refused", error: { code: "no_room" } });
    expect((await client.stats()).recorded).toBeLessThan(4);
  });

  test("`block` lets it wait for room, in order; a receipt tells when it is in", async () => {
    const { client, clock, transport } = engineRig({
      outbox: memoryOutbox({ maxEvents: 10 }),
      delivery: { onFull: "block", maxBatchEvents: 5, maxInFlight: 1 },
    });
    const goOn = transport.pause();
    const receipts = recordMany(client, 30);
    let stored = false;
    void receipts[29]?.durable.then(() => {
      stored = true;
    });
    await clock.advance(1_000);
    expect(stored).toBe(false);
    expect(await client.stats()).toMatchObject({ recorded: 10 });
    goOn();
    await clock.advance(20_000);
    expect(stored).toBe(true);
    expect(transport.events.map(({ event_id }) => event_id)).toEqual(
      receipts.map(({ event_id }) => event_id),
    );
  });

  test("who waits for room when the client closes is told", async () => {
    const { client, clock, transport } = engineRig({
      outbox: memoryOutbox({ maxEvents: 2 }),
      delivery: { onFull: "block" },
    });
    transport.pause();
    const receipts = recordMany(client, 3);
    await clock.advance(10);
    const closing = client.close({ timeoutMs: 100 });
    await clock.advance(2_000);
    await closing;
    expect(await receipts[2]?.durable).toMatchObject({ reason: "refused", error: { code: "closed" } });
  });

  test("a full durable outbox refuses; nothing accepted is evicted, also while retrying", async () => {
    const outbox = sqliteOutbox({
      path: join(folder, "outbox.db"),
      thread: "main",
      limits: { maxEvents: 100 },
    });
    const { client, clock, transport } = engineRig({ outbox });
    for (let i = 0; i < 6; i++) transport.failNext({ kind: "unavailable", reason: "down" });
    for (let i = 0; i < 15; i++) {
      recordMany(client, 10);
      await clock.advance(1_000);
    }
    expect(await client.stats()).toMatchObject({ recorded: 100, pending: 100 });
    await clock.advance(600_000);
    expect(transport).toHaveAcknowledged(100);
    expect(transport).toHaveCountedOnce();
    await client.close();
  });
});

describe("a backfill", () => {
  test("does not keep live events waiting", async () => {
    const { client, clock, transport } = engineRig({
      delivery: { maxBatchEvents: 10, maxInFlight: 1 },
      outbox: memoryOutbox({ maxEvents: 10_000 }),
    });
    const goOn = transport.pause();
    for (let i = 0; i < 1_000; i++) client.record(usage("tenant-a"), { lane: "backfill" });
    await clock.advance(10);
    recordMany(client, 5, "tenant-live");
    await clock.advance(10);
    goOn();
    await clock.advance(2_000);
    const position = transport.batches.findIndex(({ events }) =>
      events.some(({ tenant_id }) => tenant_id === "tenant-live"),
    );
    expect(position).toBeLessThanOrEqual(2);
    expect(transport).toHaveAcknowledged(1_005);
  });

  test("is not starved by them either", async () => {
    const { client, clock, transport } = engineRig({ delivery: { maxBatchEvents: 10, maxInFlight: 1 } });
    const goOn = transport.pause();
    for (let i = 0; i < 20; i++) client.record(usage("tenant-a"), { lane: "backfill" });
    recordMany(client, 500, "tenant-live");
    await clock.advance(10);
    goOn();
    await clock.advance(10_000);
    const first = transport.batches.findIndex(({ events }) =>
      events.some(({ tenant_id }) => tenant_id === "tenant-a"),
    );
    expect(first).toBeLessThanOrEqual(12);
  });

  test("may use half of the outbox", async () => {
    const { client, clock } = engineRig({ outbox: memoryOutbox({ maxEvents: 100 }) });
    for (let i = 0; i < 80; i++) client.record(usage(), { lane: "backfill" });
    await clock.settle();
    expect(await client.stats()).toMatchObject({ recorded: 50 });
    recordMany(client, 60);
    await clock.settle();
    expect(await client.stats()).toMatchObject({ recorded: 100 });
  });
});

describe("tenants share fairly", () => {
  const batchesUntilServed = async (queued: number): Promise<number> => {
    const outbox = sqliteOutbox({
      path: join(folder, "outbox.db"),
      thread: "main",
      limits: { maxEvents: 2_000_000, maxBytes: 2 ** 30 },
    });
    const { client, clock, transport } = engineRig({
      outbox,
      delivery: { maxBatchEvents: 100, maxInFlight: 1 },
    });
    transport.failNext({ kind: "unavailable", reason: "down", retryAfterMs: 60_000 });
    for (let recorded = 0; recorded < queued; recorded += 5_000) {
      recordMany(client, 5_000, "tenant-a");
      await clock.settle();
    }
    await clock.advance(10);
    expect(await client.stats()).toMatchObject({ recorded: queued, acknowledged: 0 });
    const before = transport.batches.length;
    client.record(usage("tenant-b"));
    await clock.settle();
    client.retryNow();
    await clock.advance(2_000);
    const position = transport.batches
      .slice(before)
      .findIndex(({ events }) => events.some(({ tenant_id }) => tenant_id === "tenant-b"));
    await client.close({ timeoutMs: 0 });
    return position + 1;
  };

  test("with 20,000 events queued for one, another's next event leaves within two batches", async () => {
    const position = await batchesUntilServed(20_000);
    expect(position).toBeGreaterThan(0);
    expect(position).toBeLessThanOrEqual(2);
  });

  const long = process.env.METER_LONG_TESTS === "1";
  test.skipIf(!long)(
    "with 1,000,000 events queued (long: METER_LONG_TESTS=1)",
    { timeout: 900_000 },
    async () => {
      const position = await batchesUntilServed(1_000_000);
      expect(position).toBeGreaterThan(0);
      expect(position).toBeLessThanOrEqual(2);
    },
  );
});
