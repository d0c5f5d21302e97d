import { expect, test } from "vitest";
import { memoryOutbox } from "../log/memory-outbox.ts";
import { type MemoryTransport, memoryTransport } from "../memory/memory-transport.ts";
import { MeterClient } from "./meter-client.ts";

const DAY_MS = 86_400_000;
const FOREVER = { cancelMs: Number.POSITIVE_INFINITY, amendMs: Number.POSITIVE_INFINITY };
const METER = "page.processed.basic";

const clientOn = (transport: MemoryTransport, now = () => Date.now()) =>
  new MeterClient({
    transport,
    outbox: memoryOutbox({ keepAcknowledgedMs: DAY_MS }),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "c" }) },
    delivery: { lingerMs: 0 },
    defaults: { tenant_id: "tenant", device_id: "device" },
    clock: {
      now,
      schedule: (ms, task) => {
        const timer = setTimeout(task, ms);
        return () => clearTimeout(timer);
      },
    },
  });

const usages = (transport: MemoryTransport) => transport.counted().map(({ total_usage }) => total_usage);

/** What the ledger says, in all. */
const ledger = async (client: ReturnType<typeof clientOn>) => {
  const { differences } = await client.reconcile({ ledger: async () => [] });
  return differences.map(({ recorded, acknowledged, acknowledged_usage }) => ({
    recorded,
    acknowledged,
    acknowledged_usage,
  }));
};

test("what waits is never sent when it is cancelled, and goes out as amended; its neighbours go out as they are", async () => {
  const transport = memoryTransport({ maxInFlight: 1 });
  await using client = clientOn(transport);
  const release = transport.pause();
  const first = client.record({ meter_id: METER, total_usage: 100 });
  await first.durable;
  await expect.poll(async () => (await client.list())[0]?.state).toBe("inflight");
  // The first is on its way; these wait behind it, in one segment.
  const [, second, third] = [1, 2, 4].map((total_usage) => client.record({ meter_id: METER, total_usage }));
  await second?.durable;
  expect(await client.cancel(second?.event_id ?? "", "a test")).toEqual({ ok: true, state: "withdrawn" });
  expect(
    await client.amend(third?.event_id ?? "", { meter_id: METER, total_usage: 8 }, "counted twice"),
  ).toEqual({ ok: true, state: "replaced" });
  release();
  await client.flush();
  expect(usages(transport).sort()).toEqual([1, 100, 8]);
  expect(await client.stats()).toMatchObject({ recorded: 4, acknowledged: 3, discarded: 1, pending: 0 });
  expect(await second?.settled).toEqual({ state: "discarded", reason: "a test" });
  expect(await third?.settled).toMatchObject({ state: "acknowledged" });
  expect(await ledger(client)).toEqual([{ recorded: 3, acknowledged: 3, acknowledged_usage: 109 }]);
});

test("what was acknowledged is corrected by an event of its own; a repeat is none", async () => {
  const transport = memoryTransport({ corrections: FOREVER });
  await using client = clientOn(transport);
  const [kept, amended, cancelled] = [1, 2, 4].map(
    (total_usage) => client.record({ meter_id: METER, total_usage }).event_id,
  );
  await client.flush();
  const amend = () => client.amend(amended ?? "", { meter_id: METER, total_usage: 3 }, "was three");
  const cancel = () => client.cancel(cancelled ?? "", "was none");
  for (const call of [amend, cancel]) {
    expect(await call()).toEqual({ ok: true, state: "recorded" });
    expect(await call()).toEqual({ ok: true, state: "repeat" });
  }
  await client.flush();
  for (const call of [amend, cancel]) expect(await call()).toEqual({ ok: true, state: "repeat" });
  await client.flush();
  expect(transport.events.map(({ event_id }) => event_id)).toEqual([
    kept,
    amended,
    cancelled,
    `${amended}~1`,
    `${cancelled}~1`,
  ]);
  expect(usages(transport)).toEqual([1, 3]);
  expect(await ledger(client)).toEqual([{ recorded: 2, acknowledged: 2, acknowledged_usage: 4 }]);
  expect(await client.stats()).toMatchObject({ recorded: 5, acknowledged: 5 });
  expect(await client.amend(cancelled ?? "", { meter_id: METER, total_usage: 3 }, "no")).toMatchObject({
    ok: false,
    error: { code: "not_correctable", message: expect.stringContaining("was taken back") },
  });
});

test("a correction that waits is corrected itself, and sent once", async () => {
  const transport = memoryTransport({ corrections: FOREVER });
  await using client = clientOn(transport);
  const { event_id } = client.record({ meter_id: METER, total_usage: 1 });
  await client.flush();
  const release = transport.pause();
  // On its way when the correction comes, so that that one waits.
  const other = client.record({ meter_id: METER, total_usage: 64 });
  await other.durable;
  expect(await client.amend(event_id, { meter_id: METER, total_usage: 2 }, "two")).toMatchObject({
    ok: true,
  });
  release();
  await client.flush();
  expect(await client.amend(event_id, { meter_id: METER, total_usage: 4 }, "four")).toEqual({
    ok: true,
    state: "recorded",
  });
  await client.flush();
  expect(usages(transport)).toEqual([4, 64]);
  expect(transport.events.at(-1)).toMatchObject({ correction: { revision: 2, event_id } });
  expect(await ledger(client)).toEqual([{ recorded: 2, acknowledged: 2, acknowledged_usage: 68 }]);
});

test("what a receiver does not carry out is refused at the call, and nothing is sent", async () => {
  const transport = memoryTransport({ name: "a wire", corrections: { cancelMs: DAY_MS } });
  let now = Date.parse("2026-03-01T12:00:00Z");
  await using client = clientOn(transport, () => now);
  const { event_id } = client.record({ meter_id: METER, total_usage: 1 });
  await client.flush();
  expect(await client.amend(event_id, { meter_id: METER, total_usage: 3 }, "no")).toMatchObject({
    ok: false,
    error: { code: "not_correctable", message: expect.stringContaining("a wire takes no amendments") },
  });
  now += DAY_MS + 1;
  expect(await client.cancel(event_id, "too late")).toMatchObject({
    ok: false,
    error: { code: "not_correctable", message: expect.stringContaining("within 24 h") },
  });
  now -= 1;
  expect(await client.cancel(event_id, "just in time")).toEqual({ ok: true, state: "recorded" });
  await client.flush();
  expect(usages(transport)).toEqual([]);
});

test("the age of an event is counted from its recording, whatever it says about its own time", async () => {
  const within = { cancelMs: DAY_MS, amendMs: DAY_MS };
  const transport = memoryTransport({ corrections: within });
  let now = Date.parse("2026-03-01T12:00:00Z");
  await using client = clientOn(transport, () => now);
  const old = {
    meter_id: METER,
    total_usage: 1,
    event_id: "imported",
    event_time: now - 30 * DAY_MS,
  } as const;
  client.record(old);
  await client.flush();
  now += DAY_MS;
  const amended = { meter_id: METER, total_usage: 2, event_time: now } as const;
  expect(await client.amend("imported", amended, "in time")).toEqual({ ok: true, state: "recorded" });
  await client.flush();
  now += 1;
  expect(await client.cancel("imported", "too late")).toMatchObject({
    ok: false,
    error: { code: "not_correctable", message: expect.stringContaining("was recorded 24 h ago") },
  });
  expect(usages(transport)).toEqual([2]);
});

test("hours are frozen up to a time that has passed; what is booked in them stays, and reconciling goes on", async () => {
  const transport = memoryTransport({ corrections: FOREVER });
  const hour = Date.parse("2026-03-01T12:00:00Z");
  const now = hour + 5_400_000;
  await using client = clientOn(transport, () => now);
  const { event_id } = client.record({ meter_id: METER, total_usage: 10, event_time: hour });
  await client.flush();
  await expect(client.freeze(now + 1)).rejects.toThrow("before: ");
  await expect(client.freeze(Number.NaN)).rejects.toThrow("before: ");
  expect(await client.freeze(now)).toBe(hour + 3_600_000);
  await client.cancel(event_id, "wrong");
  await client.flush();
  expect(await client.ledger()).toMatchObject([
    { hour, acknowledged: 1, acknowledged_usage: 10 },
    { hour: hour + 3_600_000, corrects: hour, acknowledged: -1, acknowledged_usage: -10 },
  ]);
  expect(await client.ledger({ to: hour + 3_600_000 })).toHaveLength(1);
  expect(await client.reconcile({ ledger: async () => [] })).toMatchObject({ agrees: true, compared: 1 });
});

test("corrections of a frozen hour are one row, however many there are", async () => {
  const transport = memoryTransport({ corrections: FOREVER });
  const hour = Date.parse("2026-03-01T12:00:00Z");
  await using client = clientOn(transport, () => hour + 5_400_000);
  const { event_id } = client.record({ meter_id: METER, total_usage: 0, event_time: hour });
  await client.flush();
  await client.freeze(hour + 3_600_000);
  // More than the changes of the ledger that are kept one by one.
  for (let total_usage = 1; total_usage <= 100; total_usage++) {
    await client.amend(event_id, { meter_id: METER, total_usage }, "again");
    await client.flush();
  }
  const correction = { hour: hour + 3_600_000, corrects: hour, recorded: 0, acknowledged: 0 };
  const rows = [
    { hour, recorded: 1, acknowledged: 1, recorded_usage: 0, acknowledged_usage: 0 },
    { ...correction, recorded_usage: 100, acknowledged_usage: 100 },
  ];
  expect(await client.ledger()).toMatchObject(rows);
  expect(await client.ledger({ to: hour + 1 })).toMatchObject(rows.slice(0, 1));
  expect(await client.ledger({ from: hour + 1 })).toMatchObject(rows.slice(1));
  expect(await client.reconcile({ ledger: async () => [] })).toMatchObject({
    differences: [{ hour, recorded: 1, acknowledged_usage: 100 }],
  });
});

test("an event on its way has its outcome first", async () => {
  const transport = memoryTransport({ corrections: FOREVER });
  await using client = clientOn(transport);
  const release = transport.pause();
  const { event_id } = client.record({ meter_id: METER, total_usage: 1 });
  void client.flush();
  await expect.poll(async () => (await client.list())[0]?.state).toBe("inflight");
  const cancelling = client.cancel(event_id, "wrong");
  release();
  expect(await cancelling).toEqual({ ok: true, state: "recorded" });
  await client.flush();
  expect(usages(transport)).toEqual([]);
});

test("the doubt about a quarantined event is settled by its correction", async () => {
  const transport = memoryTransport({ corrections: FOREVER });
  await using client = clientOn(transport);
  const ids = [1, 2].map((total_usage) => {
    transport.failNext({ state: "unsure", reason: "no answer" });
    return client.record({ meter_id: METER, total_usage }).event_id;
  });
  await client.flush();
  expect(await client.stats()).toMatchObject({ quarantined: 2 });
  expect(await client.cancel(ids[0] ?? "", "not to be billed")).toEqual({ ok: true, state: "recorded" });
  transport.clear();
  expect(await client.amend(ids[1] ?? "", { meter_id: METER, total_usage: 4 }, "four")).toEqual({
    ok: true,
    state: "recorded",
  });
  await client.flush();
  expect(await client.stats()).toMatchObject({ recorded: 4, acknowledged: 2, quarantined: 0, discarded: 2 });
  expect(await ledger(client)).toEqual([{ recorded: 1, acknowledged: 1, acknowledged_usage: 4 }]);
});

test("a caller's mistakes are told by field, and change nothing", async () => {
  await using client = clientOn(memoryTransport({ corrections: FOREVER }));
  const { event_id } = client.record({ meter_id: METER, total_usage: 1 });
  await client.flush();
  const messageOf = async (result: ReturnType<typeof client.cancel>) => {
    const answer = await result;
    return answer.ok ? answer.state : answer.error.message;
  };
  expect(await messageOf(client.cancel(event_id, ""))).toContain("reason: expected a reason in words");
  expect(await messageOf(client.cancel("", "no"))).toContain("event_id: expected the id of an event");
  expect(await messageOf(client.cancel("nobody", "no"))).toContain("is not known here");
  expect(
    await messageOf(client.amend(event_id, { meter_id: "report.generated.small", total_usage: 1 }, "no")),
  ).toContain(`meter_id: expected "${METER}"`);
  expect(
    await messageOf(client.amend(event_id, { meter_id: METER, total_usage: Number.NaN }, "no")),
  ).toContain("total_usage: expected an integer");
});
