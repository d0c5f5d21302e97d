import { describe, expect, test } from "vitest";
import { givenEvent, NO_CHANGES, newSegment } from "../../test/new-segment.ts";
import { wrapOutbox } from "../../test/wrap-outbox.ts";
import { memoryOutbox } from "../log/memory-outbox.ts";
import type { Outbox } from "../log/outbox/outbox.ts";
import { memoryTransport } from "../memory/memory-transport.ts";
import type { SendAnswer, Transport } from "../strategies/transport.ts";
import { MeterClient } from "./meter-client.ts";

const DEDUP = { windowMs: 60_000 };
const LOOKUP = {
  lookup: async () => ({ state: "found" as const, customer_id: "relay" }),
  lookupNow: () => "relay",
};

/** An outbox that commits when it is let. */
const slowOutbox = (limits = {}) => {
  const inner = memoryOutbox(limits);
  let gate = Promise.resolve();
  let open = () => {};
  let leases = () => {};
  const outbox = wrapOutbox(inner, {
    name: "slow",
    durable: true,
    commit: async (changes) => {
      if (changes.lease.length > 0) leases();
      if (changes.lease.length > 0 || changes.append.length > 0) await gate;
      return inner.commit(changes);
    },
  });
  /** Holds up commits of events and leases; resolves when one of them has leases. */
  const hold = (): Promise<void> => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
    return new Promise((resolve) => {
      leases = resolve;
    });
  };
  return { outbox, inner, hold, letGo: () => open() };
};

const pageTransport = (given: Partial<Transport> = {}) => {
  const memory = memoryTransport({ dedup: DEDUP });
  const sent: string[][] = [];
  const transport: Transport = {
    name: "page",
    receiver: { dedup: DEDUP },
    limits: { maxInFlight: 1 },
    survivesPageClose: true,
    send: (batch, context): Promise<SendAnswer> => {
      sent.push(batch.events.map(({ event_id }) => event_id));
      return memory.send(batch, context);
    },
    ...given,
  };
  return { transport, sent, memory };
};

const clientOn = (transport: Transport, outbox: Outbox, delivery = { lingerMs: 60_000 }) =>
  new MeterClient({
    transport,
    customerLookup: LOOKUP,
    outbox,
    delivery,
    defaults: { tenant_id: "tenant", device_id: "page" },
  });

const usage = (event_id: string) => ({ meter_id: "page.processed.basic", total_usage: 1, event_id }) as const;

describe("sendNow", () => {
  test("sends before it returns, also what the outbox does not have yet, and not again when it has it", async () => {
    const { transport, sent } = pageTransport();
    const store = slowOutbox();
    const client = clientOn(transport, store.outbox);
    store.hold();
    client.record(usage("one"));
    await Promise.resolve();
    await Promise.resolve();
    client.record(usage("two"));
    client.sendNow();
    expect(sent).toEqual([["one", "two"]]);
    client.sendNow();
    expect(sent, "what is on the way stays so").toHaveLength(1);
    store.letGo();
    expect(await client.flush()).toBe(true);
    expect(sent).toHaveLength(1);
    expect(await client.stats()).toMatchObject({ recorded: 2, acknowledged: 2, pending: 0 });
    await client.close();
  });

  test.each<[string, () => Outbox]>([
    ["memory", memoryOutbox],
    ["a store", () => slowOutbox().outbox],
  ])("what is recorded after it, before a commit, is sent as well: %s", async (_, outbox) => {
    const { transport, sent } = pageTransport();
    const client = clientOn(transport, outbox());
    client.record(usage("one"));
    client.sendNow();
    client.record(usage("two"));
    expect(await client.flush()).toBe(true);
    expect(sent).toEqual([["one"], ["two"]]);
    expect(await client.stats()).toMatchObject({ recorded: 2, acknowledged: 2, pending: 0 });
    await client.close();
  });

  test("sends what waits for company or for its lease", async () => {
    const { transport, sent } = pageTransport();
    const store = slowOutbox();
    const client = clientOn(transport, store.outbox);
    await client.record(usage("waits")).durable;
    client.sendNow();
    expect(sent).toEqual([["waits"]]);
    await client.flush();

    await client.record(usage("leasing")).durable;
    const leasing = store.hold();
    const flushed = client.flush();
    await leasing;
    expect(sent).toHaveLength(1);
    client.sendNow();
    await Promise.resolve();
    expect(sent).toEqual([["waits"], ["leasing"]]);
    store.letGo();
    expect(await flushed).toBe(true);
    expect(sent).toHaveLength(2);
    expect(await client.stats()).toMatchObject({ recorded: 2, acknowledged: 2 });
    await client.close();
  });

  test.each<[string, Partial<Transport>]>([
    ["does not outlive the page", { survivesPageClose: false }],
    ["leads to a receiver that does not deduplicate", { receiver: { dedup: false } }],
  ])("sends nothing through a transport that %s", async (_, given) => {
    const { transport, sent } = pageTransport(given);
    const client = clientOn(transport, slowOutbox().outbox);
    client.record(usage("one"));
    client.sendNow();
    expect(sent).toEqual([]);
    expect(await client.flush()).toBe(true);
    expect(sent).toEqual([["one"]]);
    await client.close();
  });

  test("sends nothing whose customer is not known without waiting", async () => {
    const { transport, sent } = pageTransport();
    const client = new MeterClient({
      transport,
      customerLookup: {
        lookup: LOOKUP.lookup,
        lookupNow: () => {
          throw new Error("no");
        },
      },
      defaults: { tenant_id: "tenant", device_id: "page" },
    });
    client.record(usage("one"));
    client.sendNow();
    expect(sent).toEqual([]);
    expect(await client.flush()).toBe(true);
    await client.close();
  });

  test("what did not get through waits and is sent again", async () => {
    const { transport, sent, memory } = pageTransport();
    const client = clientOn(transport, slowOutbox().outbox, { lingerMs: 0 });
    memory.failNext({ state: "unsure", reason: "no answer" });
    const receipt = client.record(usage("one"));
    client.sendNow();
    expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
    expect(sent).toEqual([["one"], ["one"]]);
    expect(await client.stats()).toMatchObject({ recorded: 1, acknowledged: 1 });
    await client.close();
  });

  test("an event that the outbox then refuses, or had already, counts once", async () => {
    const { transport, sent } = pageTransport();
    const store = slowOutbox({ maxEvents: 10 });
    const client = clientOn(transport, store.outbox);
    await client.record(usage("one")).durable;
    client.sendNow();
    await client.flush();
    const repeat = client.record(usage("one"));
    const conflict = client.record({ ...usage("one"), total_usage: 9 });
    client.sendNow();
    expect(await repeat.durable).toEqual({ ok: true, repeat: true });
    expect(await conflict.durable).toMatchObject({ ok: false, error: { code: "id_conflict" } });
    expect(await client.flush()).toBe(true);
    expect(sent).toEqual([["one"], ["one", "one"]]);
    expect(await client.stats()).toMatchObject({ recorded: 1, acknowledged: 1, pending: 0 });
    expect(client.health().destinations).toMatchObject([{ queued: 0, inFlight: 0 }]);
    await client.close();
  });

  test("a blocked destination is left alone, and one that failed as long as the events are safe", async () => {
    const { transport, sent, memory } = pageTransport();
    const client = clientOn(transport, slowOutbox().outbox, { lingerMs: 0 });
    memory.failNext({ kind: "unavailable", reason: "busy", retryAfterMs: 60_000 });
    const retrying = new Promise((resolve) => client.on("retrying", resolve));
    client.record(usage("one"));
    await retrying;
    client.sendNow();
    expect(sent).toHaveLength(1);
    await client.close({ timeoutMs: 1 });

    const other = pageTransport();
    const volatile = clientOn(other.transport, memoryOutbox(), { lingerMs: 0 });
    other.memory.failNext({ kind: "unavailable", reason: "busy", retryAfterMs: 60_000 });
    const alsoRetrying = new Promise((resolve) => volatile.on("retrying", resolve));
    volatile.record(usage("one"));
    await alsoRetrying;
    volatile.sendNow();
    expect(other.sent).toHaveLength(2);
    await volatile.close();
  });

  test("what another page left behind may have been sent: it is in doubt since it was recorded", async () => {
    const store = slowOutbox();
    const { transport, sent } = pageTransport({ receiver: { dedup: { windowMs: 60_000 } } });
    const leftBehind = async (event_id: string, now: number): Promise<void> => {
      const append = [newSegment([givenEvent(event_id)], { hold: false, now })];
      await store.inner.commit({ ...NO_CHANGES, now, append });
    };
    await store.inner.open();
    await leftBehind("long ago", Date.now() - 61_000);
    await leftBehind("just now", Date.now());
    const client = clientOn(transport, store.outbox, { lingerMs: 0 });
    const quarantined = new Promise((resolve) => client.on("quarantined", resolve));
    expect(await quarantined).toMatchObject({ event: { event_id: "long ago" } });
    await client.flush();
    expect(sent).toEqual([["just now"]]);
    await client.close();
  });

  test("what another owner took meanwhile is not sent", async () => {
    const store = slowOutbox();
    const { transport, sent } = pageTransport();
    let first = "";
    const outbox = wrapOutbox(store.outbox, {
      commit: async (changes) => {
        const commit = await store.outbox.commit({ ...changes, lease: [] });
        first ||= commit.appended[0]?.segment ?? "";
        return { ...commit, taken: changes.lease.filter(({ segment }) => segment === first) };
      },
    });
    const client = clientOn(transport, outbox, { lingerMs: 0 });
    await client.record(usage("taken")).durable;
    await client.record(usage("kept")).settled;
    expect(sent).toEqual([["kept"]]);
    await client.close({ timeoutMs: 1 });
  });
});
