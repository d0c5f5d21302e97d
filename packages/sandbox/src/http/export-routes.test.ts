import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { postEvent, postRecords } from "../testing/post-events.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 30);

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({
    tenants: { tenant_123: "cust_001", "=1+1": 'a "b", c' },
    clock: { now: () => NOW },
  });
});
afterEach(() => sandbox.close());

const download = (path: string): Promise<Response> => fetch(`${sandbox.url}/sandbox/v1/export/${path}`);

test("usage as CSV, the hours in milliseconds", async () => {
  await postEvent(sandbox.url);
  const file = await download("usage.csv?by=hour");
  expect(file.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="usage.csv"');
  expect(await file.text()).toBe(
    "tenant_id,customer_id,meter_id,hour,total_usage,duration_ms,events,duplicates,conflicts,late\r\n" +
      `tenant_123,cust_001,page.processed.basic,${Date.UTC(2026, 10, 22, 12)},24,0,1,0,0,0\r\n`,
  );
});

test("a spreadsheet reads ids as text: quoted, and never a formula", async () => {
  await postEvent(sandbox.url, { tenant: "=1+1", body: { customer_id: 'a "b", c', meter_id: "@sum" } });
  const [, row] = (await (await download("usage.csv")).text()).split("\r\n");
  expect(row).toBe(`'=1+1,"a ""b"", c",'@sum,,24,0,1,0,0,0`);
});

test("usage as NDJSON says what the usage route says", async () => {
  await postEvent(sandbox.url);
  const file = await download("usage.ndjson");
  expect(file.headers.get("content-type")).toBe("application/x-ndjson");
  expect([JSON.parse(await file.text())]).toEqual(sandbox.usage());
});

test("all events, over many pages, the oldest first", async () => {
  const record = { meter_id: "page.processed.basic", customer_id: "cust_001", total_usage: 1 };
  for (let i = 0; i < 3; i++) await postRecords(sandbox.url, Array(900).fill(record));
  const lines = (await (await download("events.ndjson")).text()).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).id)).toEqual(Array.from({ length: 2700 }, (_, i) => i + 1));
  const csv = (await (await download("events.csv")).text()).trimEnd().split("\r\n");
  expect(csv).toHaveLength(2701);
});

test("events by the filters of the log", async () => {
  await postEvent(sandbox.url);
  await postEvent(sandbox.url, { body: { total_usage: -1 } });
  const lines = (await (await download("events.ndjson?state=refused")).text()).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ id: 2, state: "refused" }]);
  expect((await download("events.csv?state=lost")).status).toBe(400);
});
