import { expect, test } from "vitest";
import { differences } from "./compare-usage.ts";
import type { UsageRow } from "./expected-usage.ts";

const row = (fields: Partial<UsageRow> = {}): UsageRow => ({
  tenant_id: "acme",
  customer_id: "cust_acme",
  meter_id: "page.processed.basic",
  hour_ms: 0,
  events: 2,
  total_usage: 10,
  duration_ms: 0,
  ...fields,
});

test("a unit, an event, a millisecond, a row too few or too many: each is told", () => {
  expect(differences([row()], [row()])).toEqual([]);
  expect(differences([row()], [row({ total_usage: 11 })])).toHaveLength(1);
  expect(differences([row()], [row({ total_usage: null })])).toHaveLength(1);
  expect(differences([row()], [row({ events: 3 })])).toHaveLength(1);
  expect(differences([row()], [row({ duration_ms: 1 })])).toHaveLength(1);
  expect(differences([row()], [])).toHaveLength(1);
  expect(differences([], [row()])).toHaveLength(1);
  expect(differences([row()], [row({ hour_ms: 1 })])).toHaveLength(2);
});
