import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postRecords } from "../testing/post-events.ts";
import type { UsageRow } from "./usage-query.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 20);
const HOURS = 24 * 4;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ tenants: { a: "cust_1", b: "cust_1", c: "cust_2" } });
});
afterAll(() => sandbox.close());

const CUSTOMERS = { a: "cust_1", b: "cust_1", c: "cust_2" };
const METERS = ["page.processed.basic", "document.storage.size_gb"];

const used = fc.record({
  tenant: fc.constantFrom("a", "b", "c"),
  meter: fc.constantFrom(...METERS),
  hour: fc.nat(HOURS - 1),
  usage: fc.nat(50),
});

type Used = Parameters<Parameters<typeof used.map>[0]>[0];

const recordOf = ({ tenant, meter, hour, usage }: Used, place: number) => ({
  meter_id: meter,
  customer_id: CUSTOMERS[tenant === "c" ? "c" : "a"],
  total_usage: usage,
  // Each at a time of its own, so that the newest one is known.
  event_time: START + hour * HOUR + place,
  metadata: { "meter.tenant_id": tenant },
});

const keyOf = ({ tenant_id, meter_id }: UsageRow): string => `${tenant_id} ${meter_id}`;

/** What the hours come to: sums, and of a level the newest. */
const foldHours = (rows: readonly UsageRow[]): Record<string, { events: number; total_usage: number }> => {
  const sums: Record<string, { events: number; total_usage: number }> = {};
  for (const row of rows) {
    const before = sums[keyOf(row)] ?? { events: 0, total_usage: 0 };
    const isLevel = row.meter_id === "document.storage.size_gb";
    sums[keyOf(row)] = {
      events: before.events + row.events,
      total_usage: isLevel ? row.total_usage : before.total_usage + row.total_usage,
    };
  }
  return sums;
};

test("whatever the time asked for: sums are those of its hours, and so are days", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(used, { minLength: 1, maxLength: 60 }),
      fc.option(fc.integer({ min: -5, max: HOURS + 5 })),
      fc.option(fc.integer({ min: -5, max: HOURS + 5 })),
      async (all, first, last) => {
        await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });
        await postRecords(sandbox.url, all.map(recordOf));
        const range = {
          ...(first === null ? undefined : { from: START + first * HOUR }),
          ...(last === null ? undefined : { to: START + last * HOUR }),
        };
        const hours = sandbox.usage({ ...range, by: "hour" });
        const sums = Object.fromEntries(
          sandbox
            .usage(range)
            .map((row) => [keyOf(row), { events: row.events, total_usage: row.total_usage }]),
        );
        expect(sums).toEqual(foldHours(hours));

        const query = new URLSearchParams({ meter_id: "page.processed.basic" });
        for (const [name, value] of Object.entries(range)) query.set(name, String(value));
        const total = async (by: string): Promise<number> => {
          const text = JSON.stringify(await getJson(sandbox.url, `/sandbox/v1/usage/series?${query}&${by}`));
          return [...text.matchAll(/"total_usage":(\d+)/g)].reduce(
            (sum, [, value]) => sum + Number(value),
            0,
          );
        };
        const expected = hours
          .filter((row) => row.meter_id === "page.processed.basic")
          .reduce((sum, row) => sum + row.total_usage, 0);
        expect(await total("by=hour")).toBe(expected);
        expect(await total("by=day")).toBe(expected);
        expect(await total("by=day&time_zone=Asia/Kolkata")).toBe(expected);
      },
    ),
    { numRuns: 40 },
  );
});
