import fc from "fast-check";
import { expect, test } from "vitest";
import { cutOver } from "../compose/cut-over.ts";
import { withCustomers } from "../compose/with-customers.ts";
import { memoryOutbox } from "../log/memory-outbox.ts";
import type { CustomerLookup } from "../strategies/customer-lookup.ts";
import type { Outcome, Transport } from "../strategies/transport.ts";
import { fanOut } from "./fan-out.ts";
import { MeterClient } from "./meter-client.ts";

const customers: CustomerLookup = {
  lookup: async (tenant_id) => ({ state: "found", customer_id: `customer of ${tenant_id}` }),
};

/** A receiver that counts by identity, and fails as it is told. */
class Receiver {
  readonly counted = new Map<string, { readonly total_usage: number; readonly customer_id: string }>();
  readonly transport: Transport;
  answers: Outcome["state"][] = [];

  constructor(name: string) {
    this.transport = {
      name,
      receiver: { dedup: { windowMs: 86_400_000 } },
      send: async ({ events }) => ({
        outcomes: events.map(({ tenant_id, event_id, total_usage = 0, customer_id }): Outcome => {
          const state = this.answers.shift() ?? "acknowledged";
          if (state === "acknowledged" || state === "unsure")
            this.counted.set(`${tenant_id} ${event_id}`, { total_usage, customer_id });
          return state === "acknowledged" ? { state } : { state, reason: "told to" };
        }),
      }),
    };
  }

  get usage(): number {
    return [...this.counted.values()].reduce((sum, { total_usage }) => sum + total_usage, 0);
  }
}

const clientTo = (transport: Transport, maxEvents = 1_000) =>
  new MeterClient({
    transport,
    customerLookup: customers,
    outbox: memoryOutbox({ maxEvents }),
    delivery: { retryCapMs: 1, lingerMs: 0 },
    defaults: { tenant_id: "tenant", device_id: "device" },
  });

const keepingClientTo = (transport: Transport) =>
  new MeterClient({
    transport,
    customerLookup: customers,
    outbox: memoryOutbox({ keepAcknowledgedMs: 60_000 }),
    delivery: { lingerMs: 0 },
    defaults: { tenant_id: "tenant", device_id: "device" },
  });

const event = { meter_id: "page.processed.basic", total_usage: 3 } as const;

test("one event has one id and one time at all, and a fate and books at each", async () => {
  const [live, shadow] = [new Receiver("live"), new Receiver("shadow")];
  shadow.answers = ["rejected"];
  const clients = { live: clientTo(live.transport), shadow: clientTo(shadow.transport) };
  await using meters = fanOut(clients, { required: ["live"], clock: { now: () => 1_768_473_000_000 } });
  const { event_id, receipts, settled } = meters.record(event);
  expect(await settled).toEqual({ live: { state: "acknowledged" } });
  expect(await receipts.shadow.settled).toMatchObject({ state: "rejected" });
  expect([receipts.live.event_id, receipts.shadow.event_id]).toEqual([event_id, event_id]);
  const stats = await meters.stats();
  expect(stats.live).toMatchObject({ recorded: 1, acknowledged: 1 });
  expect(stats.shadow).toMatchObject({ recorded: 1, rejected: 1 });
  expect(await clients.shadow.list()).toMatchObject([
    { event: { event_id, event_time: 1_768_473_000_000 }, state: "rejected" },
  ]);
});

test("a shadow that never answers, or is full, holds up nothing", async () => {
  const live = new Receiver("live");
  const never: Transport = { name: "never", send: () => new Promise(() => {}) };
  const meters = fanOut(
    { live: clientTo(live.transport), shadow: clientTo(never, 1) },
    { required: ["live"] },
  );
  const receipts = [meters.record(event), meters.record(event), meters.record(event)];
  for (const { settled } of receipts)
    expect(await settled).toMatchObject({ live: { state: "acknowledged" } });
  expect(await meters.flush()).toBe(true);
  expect((await receipts[2]?.receipts.shadow.durable) ?? {}).toMatchObject({ reason: "refused" });
  expect(live.usage).toBe(9);
  await meters.close({ timeoutMs: 10 });
});

test("what one of the required refuses is recorded nowhere; what a shadow refuses is its own", async () => {
  const [live, other] = [new Receiver("live"), new Receiver("other")];
  const picky: Transport = {
    ...other.transport,
    check: {
      event: ({ total_usage = 0 }) =>
        total_usage > 5 ? { field: "total_usage", given: "much", expected: "at most 5" } : undefined,
    },
  };
  for (const required of [["live", "picky"], ["live"]] as const) {
    await using meters = fanOut({ live: clientTo(live.transport), picky: clientTo(picky) }, { required });
    const { durable, receipts } = meters.record({ ...event, total_usage: 6 });
    const isRefused = required.length === 2;
    expect((await durable).ok).toBe(false);
    expect(await durable).toMatchObject({ reason: isRefused ? "refused" : "volatile" });
    expect(await receipts.picky.durable).toMatchObject({ error: { code: "invalid_event" } });
    await meters.flush();
    expect((await meters.stats()).live.recorded).toBe(isRefused ? 0 : 1);
  }
});

test("both are exact, whatever either does; a repeat is one at both", async () => {
  const outcome = fc.constantFrom<Outcome["state"]>("acknowledged", "retry", "unsure");
  const faults = fc.array(outcome, { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(faults, faults, fc.integer({ min: 1, max: 12 }), async (ofOne, ofOther, count) => {
      const [one, other] = [new Receiver("one"), new Receiver("other")];
      one.answers = ofOne;
      other.answers = ofOther;
      await using meters = both(one, other);
      const receipts = Array.from({ length: count }, () => meters.record(event));
      for (const { event_id } of receipts.slice(0, 2)) meters.record({ ...event, event_id });
      expect(await meters.flush()).toBe(true);
      for (const receiver of [one, other]) {
        expect(receiver.counted.size).toBe(count);
        expect(receiver.usage).toBe(3 * count);
      }
    }),
    { numRuns: 60 },
  );
});

const both = (one: Receiver, other: Receiver) =>
  fanOut({ one: clientTo(one.transport), other: clientTo(other.transport) });

test.each([[[]], [["nobody"]]])("required %j names no client", (required) => {
  const live = clientTo(new Receiver("live").transport);
  expect(() => Reflect.apply(fanOut, undefined, [{ live }, { required }])).toThrow("required: ");
});

test("a cut-over bills each event at one of both, by its own time, with each one's customers", async () => {
  const at = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const [before, after] = [new Receiver("before"), new Receiver("after")];
  before.answers = ["retry", "unsure"];
  await using client = clientTo(
    cutOver({
      at,
      before: before.transport,
      after: withCustomers(after.transport, (tenant_id) =>
        tenant_id === "stranger" ? undefined : `new ${tenant_id}`,
      ),
    }),
  );
  const times = [-2, -1, 0, 1, -3_600_000, 3_600_000];
  // Recorded in another order than they were used.
  for (const ms of times) client.record({ ...event, event_time: at + ms });
  const refused = client.record({ ...event, tenant_id: "stranger" });
  await client.flush();
  expect([before.counted.size, after.counted.size]).toEqual([3, 3]);
  expect([...before.counted.values()][0]?.customer_id).toBe("customer of tenant");
  expect([...after.counted.values()][0]?.customer_id).toBe("new tenant");
  expect(await refused.durable).toMatchObject({
    error: { message: expect.stringContaining("a tenant with a customer at after") },
  });
  expect(() => cutOver({ at: Number.NaN, before: before.transport, after: after.transport })).toThrow("at: ");
});

test("an event is taken back at each of them, where its backend carries that out", async () => {
  const [live, shadow] = [new Receiver("live"), new Receiver("shadow")];
  const canCancel = {
    ...shadow.transport,
    receiver: { corrections: { cancelMs: Number.POSITIVE_INFINITY } },
  };
  await using meters = fanOut({ live: keepingClientTo(live.transport), shadow: keepingClientTo(canCancel) });
  const { event_id } = meters.record(event);
  await meters.flush();
  expect(await meters.cancel(event_id, "wrong")).toMatchObject({
    live: { ok: false, error: { code: "not_correctable" } },
    shadow: { ok: true, state: "recorded" },
  });
});
