import { expect, test } from "vitest";
import { compareUsage } from "./compare-usage.ts";

const sum = {
  tenant_id: "acme",
  customer_id: "cust_acme",
  meter_id: "llm.context.tokens",
  hour: Date.UTC(2023, 10, 16, 18),
  events: 2,
  total_usage: 770,
  duration_ms: 0,
};

test("nothing to say when all agree, in whatever order", () => {
  const other = { ...sum, tenant_id: "globex" };

  expect(compareUsage([sum, other], [other, sum])).toEqual([]);
});

test("one unit less, one event more", () => {
  expect(compareUsage([sum], [{ ...sum, total_usage: 769, events: 3 }])).toEqual([
    "cust_acme, acme, llm.context.tokens, 2023-11-16T18:00:00.000Z: expected events 2, got 3",
    "cust_acme, acme, llm.context.tokens, 2023-11-16T18:00:00.000Z: expected total_usage 770, got 769",
  ]);
});

test("usage of the right size in the wrong hour, or of the wrong customer", () => {
  const late = { ...sum, hour: Date.UTC(2023, 10, 16, 19) };

  expect(compareUsage([sum], [late]).at(-1)).toBe(
    "cust_acme, acme, llm.context.tokens, 2023-11-16T19:00:00.000Z: expected nothing, got 2 events of 770 units",
  );
  expect(compareUsage([sum], [{ ...sum, customer_id: "cust_globex" }])).toHaveLength(3);
});
