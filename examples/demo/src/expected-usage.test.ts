import { TRACE_FILE } from "@meter-lib/trace";
import { expect, test } from "vitest";
import { type ExpectedUsage, expectedUsage } from "./expected-usage.ts";

const sumOf = (meter_id: string, field: "events" | "total_usage" | "duration_ms"): number =>
  expectedUsage(TRACE_FILE)
    .filter((sum: ExpectedUsage) => sum.meter_id === meter_id)
    .reduce((total, sum) => total + sum[field], 0);

// awk -F, 'NR > 1 { n++; c += $2; g += $3 } END { print n, c, g }' tests/trace/data/AzureLLMInferenceTrace_conv.csv
test("the sums are those of the file", () => {
  expect(sumOf("llm.context.tokens", "events")).toBe(19_366);
  expect(sumOf("llm.context.tokens", "total_usage")).toBe(22_361_870);
  expect(sumOf("llm.generated.tokens", "total_usage")).toBe(4_088_665);
  expect(sumOf("chat.query.time_secs", "duration_ms")).toBe(20 * 4_088_665);
});
