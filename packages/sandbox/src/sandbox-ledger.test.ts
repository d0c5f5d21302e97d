import { MeterClient, memoryOutbox, type Transport } from "@meter-lib/core";
import type { OutgoingEvent } from "@meter-lib/core/transport";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { afterEach, expect, test } from "vitest";
import { createSandbox, type Sandbox, sandboxLedger } from "./index.ts";

const HOUR_MS = 3_600_000;
const noon = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

let sandbox: Sandbox | undefined;
afterEach(() => sandbox?.close());

/** A client of a sandbox, whose wire swallows what `isLost` says and reports it as delivered. */
const setUp = async (isLost: (event: OutgoingEvent) => boolean = () => false) => {
  sandbox = await createSandbox({ tenants: { a: "cust_a", b: "cust_b" } });
  const wire = fetchTransport({ baseUrl: sandbox.url, dialect: "kafka-rest", dedup: { windowMs: HOUR_MS } });
  const transport: Transport = {
    ...wire,
    send: async ({ events }, context) => {
      const kept = events.filter((event) => !isLost(event));
      if (kept.length > 0) await wire.send({ events: kept }, context);
      return { outcomes: events.map(() => ({ state: "acknowledged" })) };
    },
  };
  const customerLookup = {
    lookup: async (tenant_id: string) =>
      tenant_id === "unknown"
        ? { state: "unknown" as const }
        : { state: "found" as const, customer_id: `cust_${tenant_id}` },
  };
  const client = new MeterClient({
    transport,
    customerLookup,
    outbox: memoryOutbox(),
    defaults: { device_id: "d" },
  });
  return { client, backend: sandboxLedger(sandbox.url) };
};

test("the two sides agree, by tenant, meter and hour, whatever the meter's type", async () => {
  const { client, backend } = await setUp();
  for (const tenant_id of ["a", "b"]) {
    client.record({ tenant_id, meter_id: "page.processed.basic", total_usage: 3, event_time: noon });
    client.record({
      tenant_id,
      meter_id: "page.processed.basic",
      total_usage: 4,
      event_time: noon - HOUR_MS,
    });
    client.record({
      tenant_id,
      meter_id: "chat.query.time_secs",
      start_time: noon - 2 * HOUR_MS,
      end_time: noon - HOUR_MS,
    });
    client.record({ tenant_id, meter_id: "chat.on.time_hours", start_time: noon - 3 * HOUR_MS });
  }
  await client.flush();
  expect(await client.reconcile(backend)).toEqual({
    agrees: true,
    by: "ids",
    drifting: 0,
    compared: 8,
    differences: [],
    gaps: [],
  });
  await client.close();
});

test("what was lost behind the backend's back is named, what waits here too", async () => {
  const { client, backend } = await setUp(({ event_id }) => event_id === "swallowed");
  const arrives = client.record({
    tenant_id: "a",
    meter_id: "page.processed.basic",
    total_usage: 3,
    event_time: noon,
    event_id: "arrives",
  });
  const swallowed = client.record({
    tenant_id: "a",
    meter_id: "page.processed.basic",
    total_usage: 5,
    event_time: noon,
    event_id: "swallowed",
  });
  client.record({
    tenant_id: "unknown",
    meter_id: "page.processed.basic",
    total_usage: 1,
    event_time: noon,
    event_id: "parked",
  });
  await Promise.all([arrives.settled, swallowed.settled]);
  const { agrees, differences, gaps } = await client.reconcile(backend);
  expect(agrees).toBe(false);
  expect(differences).toEqual([
    {
      tenant_id: "a",
      meter_id: "page.processed.basic",
      hour: noon,
      recorded: 2,
      acknowledged: 2,
      counted: 1,
      acknowledged_usage: 8,
      counted_usage: 3,
      drifts: true,
      missing: ["swallowed"],
      undelivered: [],
      unknown: [],
    },
    {
      tenant_id: "unknown",
      meter_id: "page.processed.basic",
      hour: noon,
      recorded: 1,
      acknowledged: 0,
      counted: 0,
      acknowledged_usage: 0,
      counted_usage: 0,
      drifts: false,
      missing: [],
      undelivered: [{ event_id: "parked", state: "pending" }],
      unknown: [],
    },
  ]);
  // The last number, of the parked one, is no gap.
  expect(gaps).toEqual([{ producer: expect.any(String), missing: [{ from: 2, to: 2 }] }]);
  await client.close({ timeoutMs: 10 });
});

test("a sandbox that is not there is an error that says so", async () => {
  const { client } = await setUp();
  await expect(client.reconcile(sandboxLedger(`${sandbox?.url}/`))).resolves.toMatchObject({ agrees: true });
  await sandbox?.close();
  await expect(client.reconcile(sandboxLedger(sandbox?.url ?? ""))).rejects.toThrow();
  await client.close();
});
