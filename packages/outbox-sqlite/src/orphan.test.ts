import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient, memoryTransport } from "@meter-lib/core";
import { afterEach, expect, test } from "vitest";
import { sqliteOutbox } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "meter-orphan-"));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = () => {
  const transport = memoryTransport({ dedup: { windowMs: 3_600_000 } });
  const customerLookup = { lookup: async () => ({ state: "found" as const, customer_id: "cust_001" }) };
  const outbox = sqliteOutbox({ path: join(folder, "outbox.db"), thread: "main" });
  const client = new MeterClient({
    transport,
    customerLookup,
    outbox,
    defaults: { tenant_id: "t", device_id: "d" },
  });
  return { client, transport };
};

test("flush() of a client that records nothing delivers all that an earlier one left, however much it is", async () => {
  const events = 5_000;
  const first = open();
  first.transport.pause();
  for (let i = 0; i < events; i++) first.client.record({ meter_id: "page.processed.basic", total_usage: 1 });
  expect(await first.client.close({ timeoutMs: 1 })).toMatchObject({ persisted: events, lost: 0 });

  const second = open();
  expect(await second.client.flush({ timeoutMs: 60_000 })).toBe(true);
  expect(second.transport.events).toHaveLength(events);
  expect(await second.client.stats()).toMatchObject({ recorded: events, acknowledged: events, pending: 0 });
  await second.client.close();
});
