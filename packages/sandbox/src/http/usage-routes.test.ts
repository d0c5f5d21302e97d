import { defineCatalog } from "@meter-lib/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postEvent, postRecords } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({
    tenants: { tenant_123: "cust_001", other: "cust_002" },
    catalog: defineCatalog({
      "page.processed.basic": { type: "volume" },
      "document.storage.size_gb": { type: "volume", aggregation: "last" },
      "seats.peak": { type: "volume", aggregation: "max" },
      "chat.on.time_hours": { type: "performance" },
    }),
  });
});
afterEach(() => sandbox.close());

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 5, 1, 12);
const used = (meter_id: string, total_usage: number, event_time: number) => ({
  meter_id,
  customer_id: "cust_001",
  total_usage,
  event_time,
});

test("a level is its newest value, whatever the order of arrival", async () => {
  const level = (value: number, time: number) => used("document.storage.size_gb", value, time);
  await postRecords(sandbox.url, [level(50, NOON + 2 * HOUR), level(10, NOON), level(70, NOON + 1)]);
  await postRecords(sandbox.url, [level(20, NOON + 2 * HOUR - 1)]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 50, events: 4 }]);
  await postRecords(sandbox.url, [level(0, NOON + 2 * HOUR + 1)]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 0, events: 5 }]);
  expect(sandbox.usage({ to: NOON + HOUR })).toMatchObject([{ total_usage: 70 }]);
});

test("a level is the newest within an hour too", async () => {
  const level = (value: number, time: number) => used("document.storage.size_gb", value, time);
  await postRecords(sandbox.url, [level(70, NOON + 5), level(10, NOON)]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 70 }]);
  await postRecords(sandbox.url, [level(20, NOON + 1)]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 70 }]);
  await postRecords(sandbox.url, [level(30, NOON + 5)]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 30 }]);
});

test("a peak is its highest value", async () => {
  const seats = (value: number, time: number) => used("seats.peak", value, time);
  await postRecords(sandbox.url, [seats(3, NOON), seats(9, NOON + HOUR)]);
  await postRecords(sandbox.url, [seats(4, NOON + HOUR)]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 9 }]);
  expect(sandbox.usage({ by: "hour" }).map((row) => row.total_usage)).toEqual([3, 9]);
});

test("meters that the catalog does not have are summed", async () => {
  await postRecords(sandbox.url, [
    used("document.basic.page", 2, NOON),
    used("document.basic.page", 3, NOON),
  ]);
  expect(sandbox.usage()).toMatchObject([{ meter_id: "document.basic.page", total_usage: 5 }]);
});

test("without a catalog of its own, the storage meter of the built-in one is a level", async () => {
  await using builtIn = await createSandbox({ tenants: { tenant_123: "cust_001" } });
  await postRecords(builtIn.url, [
    used("document.storage.size_gb", 8, NOON),
    used("document.storage.size_gb", 5, NOON + 1),
  ]);
  expect(builtIn.usage()).toMatchObject([{ total_usage: 5 }]);
});

test("rows per hour, and a range of hours", async () => {
  await postRecords(sandbox.url, [
    used("page.processed.basic", 1, NOON),
    used("page.processed.basic", 2, NOON + HOUR - 1),
    used("page.processed.basic", 4, NOON + HOUR),
  ]);
  expect(await getJson(sandbox.url, "/sandbox/v1/usage?by=hour")).toMatchObject({
    rows: [
      { hour: NOON, total_usage: 3, events: 2 },
      { hour: NOON + HOUR, total_usage: 4, events: 1 },
    ],
  });
  expect(await getJson(sandbox.url, `/sandbox/v1/usage?from=${NOON + 1}`)).toMatchObject({
    rows: [{ total_usage: 4 }],
  });
  expect(await getJson(sandbox.url, `/sandbox/v1/usage?to=${NOON + HOUR}`)).toMatchObject({
    rows: [{ total_usage: 3 }],
  });
});

test("filters by tenant, customer and meter, and treats them as plain text", async () => {
  await postEvent(sandbox.url);
  await postEvent(sandbox.url, { body: { meter_id: "m'; DROP TABLE events; --" } });
  await postEvent(sandbox.url, { tenant: "other", body: { customer_id: "cust_002" } });
  expect(sandbox.usage()).toHaveLength(3);
  expect(sandbox.usage({ tenant_id: "other" })).toMatchObject([{ customer_id: "cust_002" }]);
  expect(sandbox.usage({ customer_id: "cust_001", meter_id: "page.processed.basic" })).toHaveLength(1);
  expect(
    await getJson(
      sandbox.url,
      `/sandbox/v1/usage?meter_id=${encodeURIComponent("m'; DROP TABLE events; --")}`,
    ),
  ).toMatchObject({
    rows: [{ total_usage: 24 }],
  });
  expect(sandbox.usage({ tenant_id: "nobody" })).toEqual([]);
});

test.each(["from=yesterday", "to=-1", "by=day"])("refuses ?%s by name", async (query) => {
  const answer = await fetch(`${sandbox.url}/sandbox/v1/usage?${query}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining(query.split("=")[0] ?? "") });
});

test("sums beyond exact integers are told, not thrown", async () => {
  const huge = Number.MAX_SAFE_INTEGER;
  await postRecords(sandbox.url, [
    used("page.processed.basic", huge, NOON),
    used("page.processed.basic", huge, NOON),
  ]);
  expect(sandbox.usage()).toMatchObject([{ total_usage: 2 * huge }]);
});

test("the ledger tells events, sums and durations per tenant, meter and hour, and the ids behind a row", async () => {
  const withId = (event_id: string, value: object) => ({
    ...value,
    metadata: { "meter.event_id": event_id },
  });
  await postRecords(sandbox.url, [
    withId("a", used("document.storage.size_gb", 8, NOON)),
    withId("b", used("document.storage.size_gb", 5, NOON + 1)),
    withId("b", used("document.storage.size_gb", 5, NOON + 1)),
    used("document.storage.size_gb", 1, NOON + 2),
    withId("next", used("document.storage.size_gb", 6, NOON + HOUR)),
    {
      ai_event: true,
      meter_id: "chat.on.time_hours",
      customer_id: "cust_001",
      start_time: NOON,
      end_time: NOON + HOUR,
    },
  ]);
  expect(await getJson(sandbox.url, "/sandbox/v1/ledger")).toEqual({
    rows: [
      {
        tenant_id: "tenant_123",
        meter_id: "document.storage.size_gb",
        hour: NOON,
        events: 3,
        total_usage: 14,
        duration_ms: 0,
      },
      {
        tenant_id: "tenant_123",
        meter_id: "document.storage.size_gb",
        hour: NOON + HOUR,
        events: 1,
        total_usage: 6,
        duration_ms: 0,
      },
      {
        tenant_id: "tenant_123",
        meter_id: "chat.on.time_hours",
        hour: NOON + HOUR,
        events: 1,
        total_usage: 0,
        duration_ms: HOUR,
      },
    ],
  });
  expect(await getJson(sandbox.url, `/sandbox/v1/ledger?from=${NOON + HOUR}`)).toMatchObject({
    rows: [{ events: 1 }, { events: 1 }],
  });
  const ids = `/sandbox/v1/ledger/ids?tenant_id=tenant_123&meter_id=document.storage.size_gb&hour=${NOON}`;
  expect(await getJson(sandbox.url, ids)).toEqual({ ids: ["a", "b"], without_id: 1 });
  expect((await fetch(`${sandbox.url}/sandbox/v1/ledger/ids?tenant_id=tenant_123`)).status).toBe(400);
});
