import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DeliveryEvents, memoryOutbox } from "../index.ts";
import "../../../testing/src/matchers.ts";
import { engineRig, recordMany, usage } from "../../test/engine-rig.ts";

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

  test.each([
    [
      "throws",
      () => {
        throw new Error("the invocation is over");
      },
    ],
    ["rejects", async () => Promise.reject(new Error("the invocation is over"))],
  ])("that %s loses nothing", async (_, waitUntil) => {
    const warnings: string[] = [];
    const { client, clock, transport } = engineRig({ delivery: { waitUntil } });
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
