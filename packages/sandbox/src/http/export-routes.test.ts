import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postEvent, postRecords } from "../testing/post-events.ts";

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

test("what a spreadsheet would run or part is disarmed: blanks and full-width signs in front, semicolons inside", async () => {
  for (const [tenant_id, customer_id] of [
    ["x;=1+1;y", " =1+1"],
    ["＝1+1", "a\u3000b"],
  ] as const) {
    await fetch(`${sandbox.url}/sandbox/v1/tenant?tenant_id=${encodeURIComponent(tenant_id)}`, {
      method: "PUT",
      body: JSON.stringify({ customer_id }),
    });
    const metadata = { "meter.tenant_id": tenant_id };
    await postRecords(sandbox.url, [{ meter_id: "m", customer_id, total_usage: 1, metadata }]);
  }
  const rows = (await (await download("usage.csv")).text()).trimEnd().split("\r\n").slice(1);
  expect(rows).toEqual([`"x;=1+1;y",' =1+1,m,,1,0,1,0,0,0`, `'＝1+1,a\u3000b,m,,1,0,1,0,0,0`]);
});

test("a body nested far too deep hides nothing: it is refused, logged and exported as text", async () => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  await postEvent(sandbox.url);
  for (const body of [deep, `{"meter_id":"m","total_usage":1,"customer_id":"cust_001","metadata":${deep}}`]) {
    const headers = { "content-type": "application/json", "x-tenant-id": "tenant_123", "x-device-id": "d" };
    const answer = await fetch(`${sandbox.url}/api/v1/events`, { method: "POST", headers, body });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: "The body is nested deeper than 100 levels" });
  }
  const lines = (await (await download("events.ndjson")).text()).trimEnd().split("\n");
  expect(lines.map((line) => typeof JSON.parse(line).body)).toEqual(["object", "string", "string"]);
  expect(await getJson(sandbox.url, "/sandbox/v1/events")).toMatchObject({
    events: [{ id: 3 }, { id: 2 }, { id: 1 }],
  });
});
