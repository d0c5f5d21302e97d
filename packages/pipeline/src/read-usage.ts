import type { StoredRecord } from "../../transport-kafka/test/topic-reader.ts";
import type { UsageRow } from "./expected-usage.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A row of PostgreSQL or of the topic. */
export const usageRow = (value: unknown): UsageRow => {
  const row = fieldsOf(value);
  return {
    tenant_id: String(row.tenant_id),
    customer_id: String(row.customer_id),
    meter_id: String(row.meter_id),
    hour_ms: Number(row.hour_ms),
    events: Number(row.events),
    total_usage: row.total_usage === null ? null : Number(row.total_usage),
    duration_ms: Number(row.duration_ms),
  };
};

/** The newest row of each key of the topic. */
export const usageInTopic = (records: readonly StoredRecord[]): readonly UsageRow[] => {
  const newest = new Map<string, UsageRow>();
  for (const { key, value } of records) {
    if (key === null) continue;
    if (value === null) newest.delete(key);
    else newest.set(key, usageRow(JSON.parse(value)));
  }
  return [...newest.values()];
};

const fieldsOf = (value: unknown): Fields => {
  if (!isFields(value)) throw new Error(`no row: ${JSON.stringify(value)}`);
  return value;
};

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
