import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postEvent, postRecords, postTopic } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({
    tenants: { tenant_123: "cust_001", other: "cust_002" },
    clock: { now: () => NOW },
  });
});
afterEach(() => sandbox.close());

const NOW = Date.UTC(2026, 5, 1, 12);
const record = (event_id: string, seq?: number) => ({
  meter_id: "page.processed.basic",
  customer_id: "cust_001",
  total_usage: 1,
  metadata: {
    "meter.event_id": event_id,
    "meter.producer": "p-1",
    ...(seq === undefined ? undefined : { "meter.seq": `${seq}` }),
  },
});

test("keeps an event as received, with what became of it", async () => {
  await postEvent(sandbox.url, { headers: { "idempotency-key": "a", "x-producer": "p-1", "x-seq": "7" } });
  const log = await getJson(sandbox.url, "/sandbox/v1/events");
  expect(log).toMatchObject({
    events: [
      {
        id: 1,
        state: "accepted",
        late: false,
        received_at: NOW,
        tenant_id: "tenant_123",
        customer_id: "cust_001",
        meter_id: "page.processed.basic",
        event_id: "a",
        event_time: NOW,
        total_usage: 24,
        start_time: null,
        producer: "p-1",
        seq: 7,
        reason: null,
        dialect: "events",
        headers: { "x-tenant-id": "tenant_123", "x-device-id": "us-east-ing1", "idempotency-key": "a" },
        body: { meter_id: "page.processed.basic", total_usage: 24, customer_id: "cust_001" },
      },
    ],
  });
});

test("the newest come first, page by page; or what is new since", async () => {
  await postRecords(
    sandbox.url,
    ["a", "b", "a", "c"].map((id) => record(id)),
  );
  const ids = async (query: string) => {
    const log = await getJson(sandbox.url, `/sandbox/v1/events?${query}`);
    return JSON.stringify(log)
      .match(/"state":"[a-z]+".*?"event_id":"[^"]*"/g)
      ?.map((text) => text.replace(/"state":"([a-z]+)".*"event_id":"([^"]*)"/, "$2 $1"));
  };
  expect(await ids("limit=2")).toEqual(["a duplicate", "c accepted"]);
  expect(await ids("limit=2&before=3")).toEqual(["b accepted", "a accepted"]);
  expect(await ids("after=2")).toEqual(["c accepted", "a duplicate"]);
  expect(await ids("event_id=a")).toEqual(["a duplicate", "a accepted"]);
  expect(await ids("event_id=a&state=duplicate")).toEqual(["a duplicate"]);
  expect(await ids("tenant_id=other")).toBeUndefined();
  expect(await ids("meter_id=page.processed.basic&limit=1")).toEqual(["a duplicate"]);
});

test.each(["limit=0", "limit=1001", "before=x", "state=lost"])("refuses ?%s by name", async (query) => {
  const answer = await fetch(`${sandbox.url}/sandbox/v1/events?${query}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining(query.split("=")[0] ?? "") });
});

test("a request is kept word for word", async () => {
  const body = '{ "records": [ {"value": {"meter_id":"m", "customer_id":"cust_001", "total_usage": 1e1}} ] }';
  await postTopic(sandbox.url, body);
  expect(await getJson(sandbox.url, "/sandbox/v1/requests/1")).toMatchObject({
    dialect: "kafka-rest",
    method: "POST",
    path: "/topics/usage-events",
    body,
    status: null,
    reason: null,
  });
  expect((await fetch(`${sandbox.url}/sandbox/v1/requests/2`)).status).toBe(404);
});

test("a refused body that is no JSON is kept as text, and never taken for anything else", async () => {
  const html = "<script>alert(1)</script>";
  await postTopic(sandbox.url, html);
  const answer = await fetch(`${sandbox.url}/sandbox/v1/events`);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(await answer.json()).toMatchObject({ events: [{ state: "refused", body: html, event_id: null }] });
  expect(await getJson(sandbox.url, "/sandbox/v1/refused?limit=1")).toMatchObject({
    requests: [{ status: 400, body: html, reason: expect.stringContaining("not JSON") }],
  });
});

test("names what is missing of a producer's sequence", async () => {
  await postRecords(sandbox.url, [record("a", 3), record("b", 4), record("c", 9)]);
  expect(await getJson(sandbox.url, "/sandbox/v1/gaps")).toEqual({
    producers: [
      {
        producer: "p-1",
        highest: 9,
        missing: 6,
        ranges: [
          { from: 1, to: 2 },
          { from: 5, to: 8 },
        ],
      },
    ],
  });
  await postRecords(
    sandbox.url,
    [1, 2, 5, 6, 7, 8].map((seq) => record(`s-${seq}`, seq)),
  );
  expect(await getJson(sandbox.url, "/sandbox/v1/gaps?producer=p-1")).toEqual({
    producers: [{ producer: "p-1", highest: 9, missing: 0, ranges: [] }],
  });
});

test("says that it is well, and what is not there", async () => {
  expect(await getJson(sandbox.url, "/sandbox/v1/health")).toEqual({ status: "ok" });
  for (const path of ["/nothing", "/../../etc/passwd", "/sandbox/v1/nothing"]) {
    expect((await fetch(sandbox.url + path)).status).toBe(404);
  }
});
