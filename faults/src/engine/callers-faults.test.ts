import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeliveryEvents, memoryOutbox, type Outbox } from "@meter-lib/core";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import "@meter-lib/testing/matchers";
import { engineRig, recordMany, usage } from "./engine-rig.ts";

let unhandled: unknown[];
const note = (error: unknown) => {
  unhandled.push(error);
};
beforeEach(() => {
  unhandled = [];
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

const NAMES: readonly (keyof DeliveryEvents)[] = [
  "acknowledged",
  "rejected",
  "quarantined",
  "refused",
  "blocked",
  "unblocked",
  "parked",
  "unparked",
  "volatile",
  "durable",
  "warning",
  "skew",
];

test.each([
  [
    "throws",
    () => {
      throw new Error("boom");
    },
  ],
  ["answers a promise that fails", () => Promise.reject(new Error("boom"))],
])("a handler that %s breaks nothing, and the next one is told", async (_, handler) => {
  const { client, clock, transport } = engineRig({ receiver: { dedup: false } });
  let told = 0;
  for (const name of NAMES) {
    client.on(name, handler);
    client.on(name, () => told++);
  }
  transport.failNext({ kind: "blocked", reason: "no" });
  transport.failNext({ state: "unsure", reason: "lost" });
  recordMany(client, 2);
  client.record(JSON.parse("{}"));
  await clock.advance(60_000);
  recordMany(client, 3);
  await clock.advance(60_000);
  expect(told).toBeGreaterThan(4);
  const stats = await client.stats();
  expect(stats).toMatchObject({ pending: 0, recorded: 5 });
  expect(stats).toBalance();
});

test("receipts that nobody looks at leave no unhandled rejection, whatever happens to the event", async () => {
  const { client, clock, transport } = engineRig({
    receiver: { dedup: false },
    outbox: memoryOutbox({ maxEvents: 3 }),
  });
  transport.failNext({ state: "unsure", reason: "lost" });
  transport.failNext(new Error("boom"));
  client.record(JSON.parse("null"));
  recordMany(client, 6);
  await clock.advance(5_000);
  recordMany(client, 2);
  await clock.advance(5_000);
  const closing = client.close();
  await clock.advance(5_000);
  await closing;
  client.record(usage());
  await clock.settle();
});

describe("waitUntil", () => {
  test("is given one promise for each burst, which ends with its delivery", async () => {
    const work: Promise<unknown>[] = [];
    const { client, clock, transport } = engineRig({
      delivery: { waitUntil: (promise) => work.push(promise) },
    });
    recordMany(client, 10);
    expect(work).toHaveLength(1);
    await clock.advance(0);
    await work[0];
    expect(transport).toHaveAcknowledged(10);
    recordMany(client, 5);
    expect(work).toHaveLength(2);
    await clock.advance(0);
    await work[1];
    expect(transport).toHaveAcknowledged(15);
  });

  test("that throws loses nothing", async () => {
    const warnings: string[] = [];
    const { client, clock, transport } = engineRig({
      delivery: {
        waitUntil: () => {
          throw new Error("the invocation is over");
        },
      },
    });
    client.on("warning", ({ message }) => warnings.push(message));
    recordMany(client, 2);
    await clock.advance(2_000);
    expect(transport).toHaveAcknowledged(2);
    expect(warnings[0]).toMatch(/waitUntil threw/);
  });

  test("covers events recorded while a burst is under way", async () => {
    const work: Promise<unknown>[] = [];
    const { client, clock, transport } = engineRig({
      delivery: { waitUntil: (promise) => work.push(promise) },
    });
    const goOn = transport.pause();
    client.record(usage());
    await clock.advance(10);
    client.record(usage());
    await clock.advance(10);
    goOn();
    await clock.advance(20);
    await Promise.all(work);
    expect(transport).toHaveAcknowledged(2);
  });
});

describe("a store that fails", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "meter-store-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The sqlite outbox, with commits that fail while `broken` says so. */
  const breakable = () => {
    const inner = sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" });
    const state = { broken: false };
    const guard = <Answer>(call: () => Answer): Answer => {
      if (state.broken) throw new Error("disk I/O error");
      return call();
    };
    const outbox: Outbox = {
      name: inner.name,
      durable: true,
      limits: inner.limits,
      open: () => guard(() => inner.open()),
      commit: (changes) => guard(() => inner.commit(changes)),
      claim: (request) => guard(() => inner.claim(request)),
      accounts: () => inner.accounts(),
      list: (query) => inner.list(query),
      redrive: (selection) => guard(() => inner.redrive(selection)),
      discard: (selection, reason) => guard(() => inner.discard(selection, reason)),
      ledger: (range) => inner.ledger(range),
      ledgerIds: (row) => inner.ledgerIds(row),
      claimSessions: () => guard(() => inner.claimSessions()),
      close: () => inner.close(),
    };
    return { outbox, state };
  };

  test("events go on in memory, visibly, and are delivered; the store takes over again when it works", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox });
    const told: string[] = [];
    client.on("volatile", () => told.push("volatile"));
    client.on("durable", () => told.push("durable"));
    expect(await client.record(usage()).durable).toEqual({ ok: true });
    state.broken = true;
    expect(await client.record(usage()).durable).toEqual({ ok: false, reason: "volatile" });
    await clock.advance(3_000);
    expect(told).toEqual(["volatile"]);
    state.broken = false;
    await clock.advance(60_000);
    expect(told).toEqual(["volatile", "durable"]);
    expect(await client.record(usage()).durable).toEqual({ ok: true });
    await clock.advance(3_000);
    expect(transport).toHaveAcknowledged(3);
    expect(transport).toHaveCountedOnce();
    const stats = await client.stats();
    expect(stats).toMatchObject({ recorded: 3, acknowledged: 3, pending: 0 });
    expect(stats).toBalance();
    await client.close();
  });

  test("an acknowledgement that could not be stored is stored later: nothing is sent twice by this process", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox });
    const goOn = transport.pause();
    recordMany(client, 3);
    await clock.advance(1_000);
    expect(transport.batches).toHaveLength(1);
    state.broken = true;
    goOn();
    await clock.advance(20_000);
    state.broken = false;
    await clock.advance(60_000);
    expect(transport.batches).toHaveLength(1);
    expect(await client.stats()).toMatchObject({ acknowledged: 3, pending: 0 });
    await client.close();
  });

  test("what was in memory only when the client closed is lost, and both account and receipt say so", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox });
    await client.record(usage()).durable;
    state.broken = true;
    transport.pause();
    const receipt = client.record(usage());
    expect(await receipt.durable).toEqual({ ok: false, reason: "volatile" });
    const settled = receipt.settled;
    for (let i = 0; i < 9; i++) transport.failNext({ kind: "unavailable", reason: "down" });
    const closing = client.close({ timeoutMs: 0 });
    await clock.advance(100);
    state.broken = false;
    await clock.advance(60_000);
    expect(await closing).toMatchObject({ persisted: 1, lost: 1 });
    expect(await settled).toEqual({ state: "lost" });
  });

  test("events of a parked tenant that are in memory only are delivered when its customer is known", async () => {
    const { outbox, state } = breakable();
    let known = false;
    const { client, clock, transport } = engineRig({
      outbox,
      customerLookup: {
        lookup: async () => (known ? { state: "found", customer_id: "c" } : { state: "unknown" }),
      },
    });
    await clock.settle();
    state.broken = true;
    recordMany(client, 3);
    await clock.advance(5_000);
    state.broken = false;
    await clock.advance(120_000);
    known = true;
    await clock.advance(600_000);
    expect(transport).toHaveAcknowledged(3);
    const stats = await client.stats();
    expect(stats).toMatchObject({ pending: 0, acknowledged: 3 });
    expect(stats).toBalance();
    await client.close();
  });

  test("a redriven event that is in memory only leaves again", async () => {
    const { outbox, state } = breakable();
    const { client, clock, transport } = engineRig({ outbox, receiver: { dedup: false } });
    await clock.settle();
    state.broken = true;
    transport.failNext({ state: "unsure", reason: "lost" });
    client.record(usage());
    await clock.advance(3_000);
    state.broken = false;
    await clock.advance(60_000);
    expect(await client.stats()).toMatchObject({ quarantined: 1 });
    expect(await client.redrive({ state: "quarantined" })).toBe(1);
    await clock.advance(10_000);
    expect(await client.stats()).toMatchObject({ quarantined: 0, acknowledged: 1, pending: 0 });
    await client.close();
  });
});
