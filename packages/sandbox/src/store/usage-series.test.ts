import { afterEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postRecords } from "../testing/post-events.ts";

const HOUR_MS = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);

let sandbox: Sandbox;
afterEach(() => sandbox.close());

interface Used {
  readonly tenant: string;
  readonly at: number;
  readonly usage: number;
  readonly meter?: string;
}

const setUp = async (tenants: Record<string, string>, used: readonly Used[]): Promise<void> => {
  sandbox = await createSandbox({ tenants });
  const answer = await postRecords(
    sandbox.url,
    used.map(({ tenant, at, usage, meter = "page.processed.basic" }) => ({
      meter_id: meter,
      customer_id: tenants[tenant],
      total_usage: usage,
      event_time: at,
      metadata: { "meter.tenant_id": tenant },
    })),
  );
  expect(answer.status).toBe(200);
};

const series = (query: string): Promise<unknown> => getJson(sandbox.url, `/sandbox/v1/usage/series?${query}`);

test("a customer's tenants are added up, by the hour", async () => {
  await setUp({ a: "cust_1", b: "cust_1", c: "cust_2" }, [
    { tenant: "a", at: NOON, usage: 1 },
    { tenant: "b", at: NOON + 5, usage: 2 },
    { tenant: "b", at: NOON + HOUR_MS, usage: 4 },
    { tenant: "c", at: NOON, usage: 8 },
    { tenant: "c", at: NOON, usage: 100, meter: "rule.executed.small" },
  ]);
  expect(await series("meter_id=page.processed.basic")).toEqual({
    series: [
      {
        customer_id: "cust_1",
        points: [
          { at: NOON, total_usage: 3, duration_ms: 0, events: 2 },
          { at: NOON + HOUR_MS, total_usage: 4, duration_ms: 0, events: 1 },
        ],
      },
      { customer_id: "cust_2", points: [{ at: NOON, total_usage: 8, duration_ms: 0, events: 1 }] },
    ],
  });
  expect(await series(`meter_id=page.processed.basic&tenant_id=b&from=${NOON + HOUR_MS}`)).toMatchObject({
    series: [{ customer_id: "cust_1", points: [{ total_usage: 4 }] }],
  });
});

test("of a level the newest value of a day counts, for each tenant", async () => {
  const meter = "document.storage.size_gb";
  await setUp({ a: "cust_1", b: "cust_1" }, [
    { tenant: "a", at: NOON, usage: 10, meter },
    { tenant: "a", at: NOON + HOUR_MS, usage: 7, meter },
    { tenant: "b", at: NOON - HOUR_MS, usage: 5, meter },
  ]);
  expect(await series(`meter_id=${meter}&by=day`)).toMatchObject({
    series: [{ points: [{ at: "2026-11-22", total_usage: 12, events: 3 }] }],
  });
});

test("a level stays until its tenant reports another one, whoever else does", async () => {
  const meter = "document.storage.size_gb";
  await setUp({ a: "cust_1", b: "cust_1", c: "cust_2" }, [
    { tenant: "a", at: NOON, usage: 10, meter },
    { tenant: "b", at: NOON + HOUR_MS, usage: 5, meter },
    { tenant: "c", at: NOON + HOUR_MS, usage: 90, meter },
    { tenant: "a", at: NOON + 2 * HOUR_MS, usage: 7, meter },
  ]);
  expect(await series(`meter_id=${meter}`)).toMatchObject({
    series: [
      {
        customer_id: "cust_1",
        points: [
          { at: NOON, total_usage: 10 },
          { at: NOON + HOUR_MS, total_usage: 15 },
          { at: NOON + 2 * HOUR_MS, total_usage: 12 },
        ],
      },
      { customer_id: "cust_2", points: [{ at: NOON + HOUR_MS, total_usage: 90 }] },
    ],
  });
  expect(sandbox.usage().map(({ total_usage }) => total_usage)).toEqual([7, 5, 90]);
});

test("days begin where the time zone says, also when clocks change", async () => {
  // Berlin goes from +2 to +1 on 25 October 2026: that day lasts from 22:00 to 23:00 UTC, 25 hours.
  const start = Date.UTC(2026, 9, 24, 22);
  const hours = Array.from({ length: 26 }, (_, i) => ({ tenant: "a", at: start + i * HOUR_MS, usage: 1 }));
  await setUp({ a: "cust_1" }, hours);
  expect(await series("meter_id=page.processed.basic&by=day&time_zone=Europe/Berlin")).toMatchObject({
    series: [
      {
        points: [
          { at: "2026-10-25", total_usage: 25 },
          { at: "2026-10-26", total_usage: 1 },
        ],
      },
    ],
  });
});

test("beyond eight customers the others are one", async () => {
  const tenants = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, `cust_${i}`]));
  await setUp(
    tenants,
    Object.keys(tenants).flatMap((tenant, i) =>
      Array.from({ length: i + 1 }, () => ({ tenant, at: NOON, usage: 10 })),
    ),
  );
  const answer = await series("meter_id=page.processed.basic");
  expect(answer).toMatchObject({
    series: [
      ...[10, 9, 8, 7, 6, 5, 4, 3].map((i) => ({ customer_id: `cust_${i}` })),
      { customer_id: null, points: [{ at: NOON, total_usage: 60, events: 6 }] },
    ],
  });
});

test.each(["", "meter_id=m&by=week", "meter_id=m&by=day&time_zone=Mars/Olympus"])(
  "refuses %j",
  async (query) => {
    await setUp({ a: "cust_1" }, [{ tenant: "a", at: NOON, usage: 1 }]);
    expect((await fetch(`${sandbox.url}/sandbox/v1/usage/series?${query}`)).status).toBe(400);
  },
);
