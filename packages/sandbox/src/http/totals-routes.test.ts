import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postEvent, postRecords } from "../testing/post-events.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);
const NOW = NOON + HOUR / 2;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({
    tenants: { acme_eu: "cust_acme", acme_us: "cust_acme", globex: "cust_globex" },
    catalog: {
      pages: { type: "volume" },
      stored: { type: "volume", aggregation: "last" },
      peak: { type: "volume", aggregation: "max" },
      gpu: { type: "performance" },
    },
    clock: { now: () => NOW },
  });
});
afterEach(() => sandbox.close());

const CUSTOMERS = { acme_eu: "cust_acme", acme_us: "cust_acme", globex: "cust_globex" } as const;
const used = (
  tenant: keyof typeof CUSTOMERS,
  meter_id: string,
  total_usage: number,
  more: { readonly at?: number; readonly metadata?: Readonly<Record<string, string>> } = {},
) => ({
  meter_id,
  customer_id: CUSTOMERS[tenant],
  total_usage,
  event_time: more.at ?? NOON,
  metadata: { "meter.tenant_id": tenant, ...more.metadata },
});
const get = (path: string): Promise<unknown> => getJson(sandbox.url, `/sandbox/v1/${path}`);

test("totals by customer, the most events first, with the sum of all pages", async () => {
  await postRecords(sandbox.url, [
    used("globex", "pages", 1),
    used("acme_eu", "pages", 10),
    used("acme_us", "pages", 20),
  ]);
  expect(await get("usage/totals?by=customer&meter_id=pages&limit=1")).toMatchObject({
    rows: [{ id: "cust_acme", total_usage: 30, events: 2, tenants: 2, meters: 1 }],
    total: 2,
    sum: { total_usage: 31, events: 3, customers: 2, tenants: 3 },
  });
  expect(await get("usage/totals?by=customer&meter_id=pages&limit=1&offset=1")).toMatchObject({
    rows: [{ id: "cust_globex" }],
    total: 2,
  });
});

test("totals are searched whatever the case, and sorted by any column", async () => {
  await postRecords(sandbox.url, [
    used("globex", "pages", 1),
    used("acme_eu", "pages", 10),
    used("acme_us", "pages", 20),
  ]);
  expect(await get("usage/totals?by=tenant&search=ACME&sort=total_usage")).toMatchObject({
    rows: [{ id: "acme_us" }, { id: "acme_eu" }],
    total: 2,
    sum: { total_usage: 30 },
  });
  expect(await get("usage/totals?by=tenant&sort=id&order=asc")).toMatchObject({
    rows: [{ id: "acme_eu" }, { id: "acme_us" }, { id: "globex" }],
  });
});

test("levels of tenants add up, of highest values the highest counts, and other meters' units do not mix", async () => {
  await postRecords(sandbox.url, [
    used("acme_eu", "stored", 5),
    used("acme_eu", "stored", 7, { at: NOON + 1 }),
    used("acme_us", "stored", 3),
    used("acme_eu", "peak", 4),
    used("acme_us", "peak", 9),
  ]);
  expect(await get("usage/totals?by=meter&sort=id&order=asc")).toMatchObject({
    rows: [
      { id: "peak", total_usage: 9 },
      { id: "stored", total_usage: 10 },
    ],
    sum: { total_usage: null, events: 5 },
  });
  expect(await get("usage/totals?by=customer")).toMatchObject({ rows: [{ total_usage: null }] });
});

test("figures of a time, beside the time as long before it; refused events by their arrival", async () => {
  await postRecords(sandbox.url, [
    used("acme_eu", "pages", 10),
    used("globex", "pages", 5),
    used("acme_eu", "pages", 4, { at: NOON - HOUR }),
  ]);
  await postEvent(sandbox.url, {
    tenant: "globex",
    body: { meter_id: "pages", customer_id: "cust_globex", total_usage: -1 },
  });
  const time = `from=${NOON}&to=${NOON + HOUR}`;
  expect(await get(`usage/figures?meter_id=pages&${time}`)).toMatchObject({
    now: { total_usage: 15, events: 2, customers: 2, refused: 1 },
    before: { total_usage: 4, events: 1, customers: 1, refused: 0 },
  });
  expect(await get(`usage/figures?meter_id=pages&customer_id=cust_acme&${time}`)).toMatchObject({
    now: { total_usage: 10, refused: 0 },
  });
  expect(await get(`usage/figures?to=${NOON + HOUR}`)).toMatchObject({ now: { events: 3 }, before: null });
});

test("usage is grouped by the values of a metadata key; what has none is with the others", async () => {
  await postRecords(sandbox.url, [
    used("acme_eu", "pages", 10, { metadata: { region: "eu" } }),
    used("acme_us", "pages", 20, { metadata: { region: "us" } }),
    used("globex", "pages", 1, { metadata: { region: "eu" } }),
    used("globex", "pages", 7),
  ]);
  await postRecords(sandbox.url, [
    {
      meter_id: "gpu",
      customer_id: "cust_globex",
      start_time: NOON,
      end_time: NOON + 1000,
      metadata: { "meter.tenant_id": "globex", model: "a100" },
    },
  ]);
  expect(await get("usage/keys?meter_id=pages")).toEqual({ keys: [{ key: "region", values: 2 }] });
  for (const by of ["hour", "day", "day&time_zone=Europe/Berlin"]) {
    expect(await get(`usage/series?meter_id=pages&group_by=metadata.region&by=${by}`), by).toMatchObject({
      series: [
        { group: "eu", points: [{ total_usage: 11, events: 2 }] },
        { group: "us", points: [{ total_usage: 20, events: 1 }] },
        { group: null, points: [{ total_usage: 7, events: 1 }] },
      ],
    });
  }
  expect(
    await get("usage/series?meter_id=pages&group_by=metadata.region&customer_id=cust_globex"),
  ).toMatchObject({
    series: [
      { group: "eu", points: [{ total_usage: 1 }] },
      { group: null, points: [{ total_usage: 7 }] },
    ],
  });
  expect(await get("usage/series?meter_id=gpu&group_by=metadata.model")).toMatchObject({
    series: [{ group: "a100", points: [{ duration_ms: 1000 }] }],
  });
  expect(await get("usage/series?meter_id=pages&group_by=tenant")).toMatchObject({
    series: [{ group: "globex" }, { group: "acme_eu" }, { group: "acme_us" }],
  });
});

test("by the values of a key, levels of tenants add up, and of highest values the highest counts", async () => {
  const metadata = { region: "eu" };
  await postRecords(sandbox.url, [
    used("acme_eu", "stored", 5, { metadata }),
    used("acme_eu", "stored", 7, { at: NOON + 1, metadata }),
    used("globex", "stored", 3, { metadata }),
    used("acme_eu", "peak", 4, { metadata }),
    used("globex", "peak", 9, { metadata }),
    used("acme_us", "peak", 12, { metadata: { region: "us" } }),
  ]);
  const series = (query: string) => get(`usage/series?group_by=metadata.region&by=day&${query}`);
  expect(await series("meter_id=stored")).toMatchObject({
    series: [{ group: "eu", points: [{ total_usage: 10 }] }],
  });
  expect(await series("meter_id=peak")).toMatchObject({
    series: [
      { group: "eu", points: [{ total_usage: 9 }] },
      { group: "us", points: [{ total_usage: 12 }] },
    ],
  });
  expect(await series("meter_id=peak&tenant_id=acme_eu")).toMatchObject({
    series: [{ group: "eu", points: [{ total_usage: 4 }] }],
  });
});

test("a key with a value for each event is an id: nothing is grouped by it", async () => {
  const records = Array.from({ length: 250 }, (_, n) =>
    used("globex", "pages", 1, { metadata: { trace: `t${n}`, region: "eu" } }),
  );
  expect((await postRecords(sandbox.url, records)).status).toBe(200);
  expect(await get("usage/keys?meter_id=pages")).toEqual({ keys: [{ key: "region", values: 1 }] });
});

test("sessions by their starts, the newest first; one without an end is open", async () => {
  const boundary = (session: string, times: Readonly<Record<string, number>>) =>
    postEvent(sandbox.url, {
      tenant: "globex",
      headers: { "x-session-id": session },
      body: { meter_id: "gpu", customer_id: "cust_globex", ...times },
    });
  await boundary("s1", { start_time: NOON - 2 * HOUR });
  await boundary("s1", { end_time: NOON - HOUR });
  await boundary("s2", { start_time: NOON });
  const expected = {
    sessions: [
      { session: "session s2", start: NOON, end: null, tenant_id: "globex" },
      { session: "session s1", start: NOON - 2 * HOUR, end: NOON - HOUR },
    ],
  };
  expect(await get("sessions?tenant_id=globex")).toMatchObject(expected);
  expect(await get("sessions?customer_id=cust_globex&meter_id=gpu")).toMatchObject(expected);
  expect(await get("sessions?customer_id=cust_acme")).toEqual({ sessions: [] });
});

test("the newest events of a customer, of all its tenants", async () => {
  await postRecords(sandbox.url, [
    used("acme_eu", "pages", 1),
    used("globex", "pages", 2),
    used("acme_us", "pages", 3),
  ]);
  expect(await get("events?customer_id=cust_acme&brief=true")).toMatchObject({
    events: [
      { id: 3, tenant_id: "acme_us" },
      { id: 1, tenant_id: "acme_eu" },
    ],
  });
  expect(await get("events?customer_id=cust_acme&limit=1&after=0")).toMatchObject({ events: [{ id: 1 }] });
});

test("tenants a page at a time, found by a part of their name or their customer's", async () => {
  expect(await get("tenants?search=ACME&limit=1&offset=1")).toEqual({
    tenants: [{ tenant_id: "acme_us", customer_id: "cust_acme" }],
    total: 2,
  });
  expect(await get("tenants?search=nobody&limit=10")).toEqual({ tenants: [], total: 0 });
});

test("what the asker has already is not sent again", async () => {
  const path = `${sandbox.url}/sandbox/v1/usage/totals?by=meter`;
  const first = await fetch(path);
  const tag = first.headers.get("etag") ?? "";
  const again = () => fetch(path, { headers: { "if-none-match": tag } });
  const unchanged = await again();
  expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
  await postRecords(sandbox.url, [used("globex", "pages", 1)]);
  expect((await again()).status).toBe(200);
});
