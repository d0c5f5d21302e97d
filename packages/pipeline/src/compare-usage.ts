import type { UsageRow } from "./expected-usage.ts";

/** Describes a row; equal usage has equal text. */
const spell = (row: UsageRow): string =>
  [row.events, row.total_usage ?? "none", row.duration_ms].map(String).join(" / ");

const keyOf = ({ tenant_id, customer_id, meter_id, hour_ms }: UsageRow): string =>
  [tenant_id, customer_id, meter_id, hour_ms].join(" ");

/** Describes rows that differ, are missing or are unexpected. Empty if both agree to the unit. */
export const differences = (
  expected: readonly UsageRow[],
  counted: readonly UsageRow[],
): readonly string[] => {
  const left = new Map(counted.map((row) => [keyOf(row), spell(row)]));
  const found: string[] = [];
  for (const row of expected) {
    const key = keyOf(row);
    const there = left.get(key);
    left.delete(key);
    if (there !== spell(row)) found.push(`${key}: expected ${spell(row)}, counted ${there ?? "nothing"}`);
  }
  for (const [key, there] of left) found.push(`${key}: expected nothing, counted ${there}`);
  return found;
};
