import { readFileSync } from "node:fs";
import * as v from "valibot";

const Row = v.object({
  version: v.string(),
  case: v.string(),
  call: v.string(),
  args: v.looseObject({
    tenant_id: v.string(),
    device_id: v.string(),
    meter_id: v.string(),
    total_usage: v.optional(v.number()),
    timestamp: v.optional(v.number()),
    start_time: v.optional(v.union([v.number(), v.string()])),
    end_time: v.optional(v.union([v.number(), v.string()])),
    metadata: v.optional(v.record(v.string(), v.string())),
  }),
  requests: v.array(
    v.object({
      method: v.string(),
      path: v.string(),
      headers: v.record(v.string(), v.string()),
      body: v.nullable(v.looseObject({})),
    }),
  ),
});

export type GoldenRow = v.InferOutput<typeof Row>;

/** The requests that the Python library sent; see README.md here. */
export const golden: readonly GoldenRow[] = v.parse(
  v.array(Row),
  JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")),
);
