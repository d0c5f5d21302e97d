import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postEvent } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001", other: "cust_002" } });
});
afterEach(() => sandbox.close());

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 5, 1, 12);

test("a plain client's event is accepted and shows as usage", async () => {
  const answer = await postEvent(sandbox.url);

  expect(answer.status).toBe(200);
  expect(Date.parse(answer.headers.get("date") ?? "")).toBeGreaterThan(0);
  expect(await answer.json()).toEqual({ status: "accepted" });
  expect(sandbox.usage()).toEqual([
    {
      tenant_id: "tenant_123",
      customer_id: "cust_001",
      meter_id: "page.processed.basic",
      total_usage: 24,
      duration_ms: 0,
      events: 1,
      duplicates: 0,
      conflicts: 0,
      late: 0,
    },
  ]);
});

test("events without an id are counted as they come", async () => {
  await postEvent(sandbox.url);
  await postEvent(sandbox.url);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 48, events: 2, duplicates: 0 }]);
});

test("the same id counts once, and the repeat is told apart", async () => {
  const event = { headers: { "Idempotency-Key": "id-1", "x-event-time": String(NOON) } };
  const first = await postEvent(sandbox.url, event);
  const second = await postEvent(sandbox.url, event);

  expect(await first.json()).toEqual({ status: "accepted", event_id: "id-1" });
  expect(second.status).toBe(200);
  expect(await second.json()).toEqual({ status: "duplicate", event_id: "id-1" });
  expect(sandbox.usage()).toMatchObject([{ total_usage: 24, events: 1, duplicates: 1, conflicts: 0 }]);
});

test("the same id of another tenant is another event", async () => {
  const headers = { "Idempotency-Key": "id-1" };
  await postEvent(sandbox.url, { headers });
  await postEvent(sandbox.url, { headers, tenant: "other", body: { customer_id: "cust_002" } });
  expect(sandbox.usage()).toMatchObject([{ events: 1 }, { events: 1 }]);
});

test("a repeat with another time only is a duplicate: the clock's time differs at every call", async () => {
  await postEvent(sandbox.url, { headers: { "Idempotency-Key": "id-1", "x-event-time": String(NOON) } });
  const again = await postEvent(sandbox.url, {
    headers: { "Idempotency-Key": "id-1", "x-event-time": String(NOON + 1) },
  });
  expect(await again.json()).toEqual({ status: "duplicate", event_id: "id-1" });
});

test.each([
  ["total_usage", { body: { total_usage: 25 } }],
  ["meter_id", { body: { meter_id: "page.processed.advanced" } }],
  ["device", { device: "elsewhere" }],
  ["session", { headers: { "x-session-id": "s-1" } }],
])("the same id with another %s is a conflict: the first counts", async (_, change) => {
  const headers = { "Idempotency-Key": "id-1" };
  await postEvent(sandbox.url, { headers });
  const conflict = await postEvent(sandbox.url, {
    ...change,
    headers: { ...headers, ...("headers" in change ? change.headers : {}) },
  });

  expect(conflict.status).toBe(422);
  expect(await conflict.json()).toMatchObject({ status: "conflict", event_id: "id-1" });
  expect(sandbox.usage()).toMatchObject([
    { meter_id: "page.processed.basic", total_usage: 24, events: 1, duplicates: 0, conflicts: 1 },
  ]);
  expect(await getJson(sandbox.url, "/sandbox/v1/events?state=conflict")).toMatchObject({
    events: [{ event_id: "id-1" }],
  });
});

test("an event counts in the hour of its time, late or not", async () => {
  await using arrivesNextDay = await createSandbox({
    tenants: { tenant_123: "cust_001" },
    clock: { now: () => NOON + 24 * HOUR + 1 },
  });
  const post = (time: number) => postEvent(arrivesNextDay.url, { headers: { "x-event-time": String(time) } });
  await post(NOON);
  await post(NOON + 1);
  expect(arrivesNextDay.usage({ by: "hour" })).toMatchObject([{ hour: NOON, events: 2, late: 1 }]);
});

test("an identity is free again after the dedup window", async () => {
  let now = NOON;
  await using forgetful = await createSandbox({
    tenants: { tenant_123: "cust_001" },
    dedupWindowMs: HOUR,
    clock: { now: () => now },
  });
  const post = async () =>
    (await postEvent(forgetful.url, { headers: { "Idempotency-Key": "id-1" } })).json();
  await post();
  now += HOUR;
  expect(await post()).toMatchObject({ status: "duplicate" });
  now += 1;
  expect(await post()).toMatchObject({ status: "accepted" });
  expect(await post()).toMatchObject({ status: "duplicate" });
  expect(forgetful.usage()).toMatchObject([{ total_usage: 48, events: 2, duplicates: 2 }]);
});

const seconds = 1_759_791_552;
test.each([
  ["no tenant", { tenant: "" }, "x-tenant-id"],
  ["an unknown tenant", { tenant: "nobody" }, 'x-tenant-id: expected a known tenant, got "nobody"'],
  ["an unknown customer", { body: { customer_id: "cust_999" } }, "customer_id"],
  ["another tenant's customer", { body: { customer_id: "cust_002" } }, "customer_id"],
  ["no meter", { body: { meter_id: "" } }, "meter_id"],
  [
    "negative usage",
    { body: { total_usage: -1 } },
    "total_usage: expected an integer from 0 to 2^53 − 1, got -1",
  ],
  ["fractional usage", { body: { total_usage: 2.5 } }, "total_usage"],
  ["usage beyond exact numbers", { body: { total_usage: 2 ** 53 } }, "total_usage"],
  ["usage as text", { body: { total_usage: "24" } }, "total_usage"],
  ["units and time at once", { body: { start_time: NOON, total_usage: 1 } }, "total_usage"],
  [
    "neither units nor time",
    { body: { total_usage: undefined } },
    "total_usage: expected total_usage, or start_time or end_time",
  ],
  [
    "seconds",
    { body: { start_time: seconds } },
    "start_time: expected milliseconds since the epoch (this looks like seconds",
  ],
  [
    "microseconds",
    { body: { start_time: NOON, end_time: NOON * 1_000 } },
    "end_time: expected milliseconds since the epoch (this looks like microseconds",
  ],
  [
    "ISO text",
    { body: { start_time: "2025-10-06T22:59:12+00:00" } },
    "start_time: expected milliseconds since the epoch, as a number",
  ],
  ["an end before its start", { body: { start_time: NOON, end_time: NOON - 1 } }, "end_time"],
  ["a field it does not know", { body: { metadata: {} } }, "metadata"],
  ["a header's time in seconds", { headers: { "x-event-time": String(seconds) } }, "x-event-time"],
  ["a header's time that is text", { headers: { "x-event-time": "yesterday" } }, "x-event-time"],
  ["a sequence number of 0", { headers: { "x-seq": "0" } }, "x-seq"],
  ["an id with a blank", { headers: { "Idempotency-Key": "a b" } }, "idempotency-key"],
])("refuses %s by name, and counts nothing", async (_, event, message) => {
  const answer = await postEvent(sandbox.url, event);

  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ status: "refused", message: expect.stringContaining(message) });
  expect(sandbox.usage()).toEqual([]);
  expect(await getJson(sandbox.url, "/sandbox/v1/refused")).toMatchObject({
    requests: [{ status: 422, reason: expect.stringContaining(message), path: "/api/v1/events" }],
  });
});

test.each([
  ["HTML", "<html>Sign in</html>"],
  ["an empty body", ""],
  ["NaN", '{"meter_id":"m","customer_id":"cust_001","total_usage":NaN}'],
  ["half an object", '{"meter_id":"m","customer'],
])("refuses %s as no JSON", async (_, body) => {
  const answer = await fetch(`${sandbox.url}/api/v1/events`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-tenant-id": "tenant_123", "x-device-id": "d" },
    body,
  });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining("not JSON") });
});

test("takes names that every object has as plain ids", async () => {
  for (const meter_id of ["__proto__", "constructor", "toString"])
    await postEvent(sandbox.url, { body: { meter_id } });
  expect(sandbox.usage().map((row) => [row.meter_id, row.total_usage])).toEqual([
    ["__proto__", 24],
    ["constructor", 24],
    ["toString", 24],
  ]);
  expect(await postEvent(sandbox.url, { tenant: "__proto__" })).toMatchObject({ status: 422 });
});

test("refuses a large body, answers, and goes on", async () => {
  const answer = await postEvent(sandbox.url, { body: { meter_id: "m".repeat(1_048_576) } });
  expect(answer.status).toBe(413);
  expect((await postEvent(sandbox.url)).status).toBe(200);
  expect(await getJson(sandbox.url, "/sandbox/v1/refused")).toMatchObject({
    requests: [{ status: 413, body: null }],
  });
});

test("refuses another media type", async () => {
  expect((await postEvent(sandbox.url, { headers: { "content-type": "text/plain" } })).status).toBe(415);
});
