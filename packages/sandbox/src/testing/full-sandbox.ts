import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, memoryTransport } from "@meter-lib/core";
import { httpCustomerLookup } from "@meter-lib/lookup-http";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { postEvent, postRecords } from "./post-events.ts";

const HOUR_MS = 3_600_000;
const HOURS = 14 * 24;
const CUSTOMERS = 12;
const METERS = ["page.processed.basic", "rule.executed.small", "storage.backup.gb"];

/** A sandbox that has something to show in every part of the dashboard. */
export interface FullSandbox extends AsyncDisposable {
  readonly sandbox: Sandbox;
}

const usageUntil = (now: number) =>
  Array.from({ length: HOURS * METERS.length }, (_, n) => {
    const hour = Math.floor(n / METERS.length);
    const customer = (n * 7 + hour) % CUSTOMERS;
    return {
      meter_id: METERS[n % METERS.length],
      customer_id: `cust_${customer}`,
      // More by day than by night.
      total_usage: Math.round(40 + 35 * Math.sin((hour / 12) * Math.PI) + customer * 3),
      event_time: now - (HOURS - 1 - hour) * HOUR_MS,
      metadata: {
        "meter.tenant_id": `tenant_${customer}`,
        "meter.event_id": `usage-${n}`,
        region: hour % 3 === 0 ? "eu" : "us",
      },
    };
  });

/** Two dead letters, in the outbox of an app that sent to a backend that refuses. */
const leaveDeadLetters = async (path: string, url: string): Promise<void> => {
  await using app = new MeterClient({
    transport: {
      ...memoryTransport(),
      send: async ({ events }) => ({
        outcomes: events.map(() => ({ state: "rejected", reason: "no such plan", status: 422 })),
      }),
    },
    customerLookup: httpCustomerLookup({ baseUrl: url }),
    outbox: sqliteOutbox({ path }),
    defaults: { device_id: "d1", tenant_id: "tenant_1" },
    delivery: { lingerMs: 0 },
  });
  const receipts = ["dead-1", "dead-2"].map((event_id) =>
    app.record({ event_id, meter_id: "page.processed.basic", total_usage: 3 }),
  );
  await Promise.all(receipts.map(({ settled }) => settled));
};

/** Fills a sandbox: two weeks of three meters and twelve customers, sessions, repeats, refusals, dead letters. */
export const createFullSandbox = async (): Promise<FullSandbox> => {
  const folder = await mkdtemp(join(tmpdir(), "sandbox-full-"));
  const path = join(folder, "outbox.db");
  const look = sqliteOutbox({ path });
  await look.open();
  const tenants = Object.fromEntries(
    Array.from({ length: CUSTOMERS }, (_, n) => [`tenant_${n}`, `cust_${n}`]),
  );
  const sandbox = await createSandbox({ tenants, outboxes: [look] });
  const { url } = sandbox;
  await leaveDeadLetters(path, url);
  const now = Date.now();
  await postRecords(url, usageUntil(now));
  const first = { tenant: "tenant_1", body: { customer_id: "cust_1" } };
  const producer = { "x-producer": "app-1" };
  for (const seq of ["1", "2", "5"])
    await postEvent(url, {
      ...first,
      headers: { ...producer, "x-seq": seq, "idempotency-key": `order-${seq}` },
    });
  // The same again, and the same id with other content.
  await postEvent(url, { ...first, headers: { "idempotency-key": "order-1" } });
  await postEvent(url, {
    ...first,
    headers: { "idempotency-key": "order-1" },
    body: { customer_id: "cust_1", total_usage: 7 },
  });
  await postEvent(url, { ...first, body: { customer_id: "cust_1", total_usage: -1 } });
  for (const [session_id, start, end] of [
    ["call-1", 3, 2],
    ["call-2", 1, undefined],
  ] as const) {
    const meter_id = "chat.on.time_hours";
    const common = { customer_id: "cust_1", meter_id };
    const headers = { "x-session-id": session_id };
    await postEvent(url, { ...first, headers, body: { ...common, start_time: now - start * HOUR_MS } });
    if (end !== undefined)
      await postEvent(url, { ...first, headers, body: { ...common, end_time: now - end * HOUR_MS } });
  }
  await fetch(`${url}/api/v1/customer-accounts/tenant/newcomer`);
  await fetch(`${url}/sandbox/v1/api-keys`, { method: "POST" });
  return {
    sandbox,
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await look.close();
      await rm(folder, { recursive: true });
    },
  };
};
