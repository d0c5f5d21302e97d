import { expect, test } from "vitest";
import { type Clock, MeterClient, memoryOutbox, type Transport } from "../index.ts";
import { systemClock } from "../transport.ts";

const event = {
  tenant_id: "a",
  device_id: "d",
  meter_id: "page.processed.basic",
  total_usage: 1,
} as const;

test("who asks whether an event is stored does not wait for its delivery; who asks for its fate does", async () => {
  const holds: boolean[] = [];
  let waits = Promise.withResolvers<void>();
  const clock: Clock = {
    now: systemClock.now,
    schedule: (ms, callback, options) => {
      holds.push(options?.holdProcess === true);
      waits.resolve();
      return systemClock.schedule(ms, callback, options);
    },
  };
  const transport: Transport = {
    name: "away",
    send: async () => ({
      fault: { kind: "unavailable", reason: "nobody is there", retryAfterMs: 3_600_000 },
    }),
  };
  const customerLookup = { lookupNow: () => "c", lookup: async () => ({ state: "unknown" as const }) };
  const client = new MeterClient({
    transport,
    customerLookup,
    clock,
    outbox: memoryOutbox(),
    delivery: { lingerMs: 0 },
  });
  const receipt = client.record(event);
  await receipt.durable;
  while (client.health().destinations[0]?.state !== "retrying") {
    await waits.promise;
    waits = Promise.withResolvers();
  }
  // The timer to the next attempt alone is left.
  expect(holds.at(-1)).toBe(false);
  const { settled } = receipt;
  expect(holds.at(-1)).toBe(true);
  await client.close({ timeoutMs: 1 });
  expect(await settled).toEqual({ state: "lost" });
});

test("when the last of several events is stored, the receipts of all say what became of them", async () => {
  const transport: Transport = { name: "none", send: () => new Promise(() => {}) };
  const customerLookup = { lookupNow: () => "c", lookup: async () => ({ state: "unknown" as const }) };
  const client = new MeterClient({ transport, customerLookup, outbox: memoryOutbox() });
  const named = { ...event, event_id: "1" };
  const receipts = [named, named, { ...named, total_usage: 2 }, event, { ...event, total_usage: -1 }].map(
    (each) => client.record(each),
  );
  const stored = () => receipts.map((receipt) => receipt.stored);
  expect(stored().slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
  await receipts[3]?.durable;
  expect(stored()).toMatchObject([
    { reason: "volatile" },
    { reason: "volatile", repeat: true },
    { reason: "refused", error: { code: "id_conflict" } },
    { reason: "volatile" },
    { reason: "refused", error: { code: "invalid_event" } },
  ]);
  expect(await Promise.all(receipts.map(({ durable }) => durable))).toEqual(stored());
  await client.close({ timeoutMs: 1 });
});
