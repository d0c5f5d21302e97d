import type { DatabaseSync } from "node:sqlite";
import type { Aggregation, Catalog } from "@meter-lib/core";
import { numberIn, numberOrNullIn, textIn } from "./column.ts";

/** Which usage to tell. Without a field: of all. */
export interface UsageQuery {
  readonly tenant_id?: string | undefined;
  readonly customer_id?: string | undefined;
  readonly meter_id?: string | undefined;
  /** Only hours that start at or after this time. Milliseconds since the epoch. */
  readonly from?: number | undefined;
  /** Only hours that start before this time. Milliseconds since the epoch. */
  readonly to?: number | undefined;
  /** One row per hour instead of one in all. */
  readonly by?: "hour" | undefined;
}

/** Usage of one meter by one tenant, on the account of one customer. */
export interface UsageRow {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  /** Start of the hour in milliseconds since the epoch; only with `by: "hour"`. */
  readonly hour?: number;
  /** By the meter's aggregation: the sum, the newest value (`last`) or the highest (`max`). */
  readonly total_usage: number;
  /** Milliseconds between starts and ends. An open start counts nothing until it is closed. */
  readonly duration_ms: number;
  /** Events counted. */
  readonly events: number;
  /** Events received again, same id and same content: not counted. */
  readonly duplicates: number;
  /** Events received with the id of another one and other content: not counted. */
  readonly conflicts: number;
  /** Events counted although their time lay far before their arrival. */
  readonly late: number;
}

/** Rows in order of tenant, customer, meter and hour, as they were first seen. */
export type QueryUsage = (query?: UsageQuery) => readonly UsageRow[];

const FILTER = `
  (:tenant_id IS NULL OR t.name = :tenant_id) AND (:customer_id IS NULL OR c.name = :customer_id) AND
  (:meter_id IS NULL OR m.name = :meter_id) AND (:from IS NULL OR u.hour >= :from) AND (:to IS NULL OR u.hour < :to)`;

const NAMES =
  "JOIN names t ON t.id = u.tenant JOIN names c ON c.id = u.customer JOIN names m ON m.id = u.meter";

// The newest value lies in the newest hour that has one.
const TOTALS = `
  SELECT t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id, NULL AS hour,
    sum(u.events) AS events, sum(u.duplicates) AS duplicates, sum(u.conflicts) AS conflicts, sum(u.late) AS late,
    sum(u.total) AS total, max(u.peak) AS peak, sum(u.duration) AS duration,
    (SELECT l.level FROM usage_hours l
     WHERE l.tenant = u.tenant AND l.customer = u.customer AND l.meter = u.meter AND l.level IS NOT NULL
       AND (:from IS NULL OR l.hour >= :from) AND (:to IS NULL OR l.hour < :to)
     ORDER BY l.hour DESC LIMIT 1) AS level
  FROM usage_hours u ${NAMES} WHERE ${FILTER}
  GROUP BY u.tenant, u.customer, u.meter ORDER BY u.tenant, u.customer, u.meter`;

const HOURS = `
  SELECT t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id, u.hour, u.events, u.duplicates, u.conflicts,
    u.late, u.total, u.peak, u.duration, u.level
  FROM usage_hours u ${NAMES} WHERE ${FILTER}
  ORDER BY u.tenant, u.customer, u.meter, u.hour`;

const COLUMN: Record<Aggregation, string> = { sum: "total", last: "level", max: "peak" };

export const createUsageQuery = (database: DatabaseSync, catalog: Catalog): QueryUsage => {
  const totals = database.prepare(TOTALS);
  const hours = database.prepare(HOURS);
  // A Map: an id such as "constructor" must not find what every object has.
  const meters = new Map(Object.entries(catalog));

  return ({ tenant_id, customer_id, meter_id, from, to, by } = {}) => {
    const rows = (by === "hour" ? hours : totals).all({
      tenant_id: tenant_id ?? null,
      customer_id: customer_id ?? null,
      meter_id: meter_id ?? null,
      from: from ?? null,
      to: to ?? null,
    });
    return rows.map((row): UsageRow => {
      const meter = textIn(row, "meter_id");
      const hour = numberOrNullIn(row, "hour");
      return {
        tenant_id: textIn(row, "tenant_id"),
        customer_id: textIn(row, "customer_id"),
        meter_id: meter,
        ...(hour === null ? undefined : { hour }),
        total_usage: numberOrNullIn(row, COLUMN[meters.get(meter)?.aggregation ?? "sum"]) ?? 0,
        duration_ms: numberIn(row, "duration"),
        events: numberIn(row, "events"),
        duplicates: numberIn(row, "duplicates"),
        conflicts: numberIn(row, "conflicts"),
        late: numberIn(row, "late"),
      };
    });
  };
};
