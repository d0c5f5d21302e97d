import type { DatabaseSync } from "node:sqlite";
import type { Aggregation, Catalog } from "@meter-lib/core";
import { numberIn, type Row, textIn } from "./column.ts";
import { createDayOf } from "./day-of.ts";

/** Which usage of one meter to tell over time. */
export interface SeriesQuery {
  readonly meter_id: string;
  readonly tenant_id?: string | undefined;
  readonly customer_id?: string | undefined;
  /** Only hours that start at or after this time. Milliseconds since the epoch. */
  readonly from?: number | undefined;
  /** Only hours that start before this time. Milliseconds since the epoch. */
  readonly to?: number | undefined;
  readonly by: "hour" | "day";
  /** Where days begin: an IANA name. An hour belongs to the day in which it starts. @default "UTC" */
  readonly time_zone?: string | undefined;
}

/** Usage in one hour or day. */
export interface SeriesPoint {
  /** Start of the hour in milliseconds since the epoch, or the day as `2026-11-22`. */
  readonly at: number | string;
  readonly total_usage: number;
  readonly duration_ms: number;
  readonly events: number;
}

/** The usage of one customer over time; `customer_id` is null for all customers that have no series of their own. */
export interface UsageSeries {
  readonly customer_id: string | null;
  readonly points: readonly SeriesPoint[];
}

/** At most {@link MAX_SERIES} customers, those with the most events, and one series for the others. */
export type QuerySeries = (query: SeriesQuery) => readonly UsageSeries[];

export const MAX_SERIES = 8;

// A tenant's value in a bucket. With one max(), SQLite takes a bare column from the row that holds it.
const VALUE: Record<Aggregation, string> = {
  sum: "sum(u.total) AS value, 0 AS newest",
  max: "max(u.peak) AS value, 0 AS newest",
  last: "u.level AS value, max(CASE WHEN u.level IS NOT NULL THEN u.hour END) AS newest",
};

// What the tenants of a customer have together: levels and sums add up, the highest is the highest.
const TOGETHER: Record<Aggregation, string> = { sum: "sum", last: "sum", max: "max" };

const BUCKET = { hour: "u.hour", day: "day_of(u.hour, :time_zone)" } as const;

const seriesSql = (aggregation: Aggregation, by: "hour" | "day"): string => `
  SELECT customer, c.name AS customer_id, bucket, ifnull(${TOGETHER[aggregation]}(value), 0) AS value,
    sum(duration) AS duration, sum(events) AS events
  FROM (
    SELECT u.customer, ${BUCKET[by]} AS bucket, ${VALUE[aggregation]},
      sum(u.duration) AS duration, sum(u.events) AS events
    FROM usage_hours u
    WHERE u.meter = (SELECT id FROM names WHERE name = :meter_id)
      AND (:tenant_id IS NULL OR u.tenant = (SELECT id FROM names WHERE name = :tenant_id))
      AND (:customer_id IS NULL OR u.customer = (SELECT id FROM names WHERE name = :customer_id))
      AND (:from IS NULL OR u.hour >= :from) AND (:to IS NULL OR u.hour < :to)
    GROUP BY u.tenant, u.customer, bucket
  ) JOIN names c ON c.id = customer
  GROUP BY customer, bucket ORDER BY customer, bucket`;

interface Series {
  readonly customer_id: string | null;
  events: number;
  readonly points: SeriesPoint[];
}

const pointOf = (row: Row): SeriesPoint => ({
  at: typeof row.bucket === "string" ? row.bucket : numberIn(row, "bucket"),
  total_usage: numberIn(row, "value"),
  duration_ms: numberIn(row, "duration"),
  events: numberIn(row, "events"),
});

const merge = (series: readonly Series[], aggregation: Aggregation): UsageSeries => {
  const points = new Map<number | string, SeriesPoint>();
  for (const point of series.flatMap((one) => one.points)) {
    const before = points.get(point.at) ?? { total_usage: 0, duration_ms: 0, events: 0 };
    points.set(point.at, {
      at: point.at,
      total_usage:
        aggregation === "max"
          ? Math.max(before.total_usage, point.total_usage)
          : before.total_usage + point.total_usage,
      duration_ms: before.duration_ms + point.duration_ms,
      events: before.events + point.events,
    });
  }
  const sorted = [...points.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
  return { customer_id: null, points: sorted };
};

export const createSeriesQuery = (database: DatabaseSync, catalog: Catalog): QuerySeries => {
  const meters = new Map(Object.entries(catalog));
  const dayOf = createDayOf();
  database.function("day_of", { deterministic: true }, (hour: unknown, timeZone: unknown) =>
    dayOf(Number(hour), String(timeZone)),
  );

  return ({ meter_id, tenant_id, customer_id, from, to, by, time_zone }) => {
    const aggregation = meters.get(meter_id)?.aggregation ?? "sum";
    const found = new Map<string, Series>();
    const rows = database.prepare(seriesSql(aggregation, by)).iterate({
      meter_id,
      tenant_id: tenant_id ?? null,
      customer_id: customer_id ?? null,
      from: from ?? null,
      to: to ?? null,
      ...(by === "day" ? { time_zone: time_zone ?? "UTC" } : undefined),
    });
    for (const row of rows) {
      const id = textIn(row, "customer_id");
      const series = found.get(id) ?? { customer_id: id, events: 0, points: [] };
      series.events += numberIn(row, "events");
      series.points.push(pointOf(row));
      found.set(id, series);
    }
    const byEvents = [...found.values()].sort((a, b) => b.events - a.events);
    const shown = byEvents
      .slice(0, MAX_SERIES)
      .map(({ customer_id: id, points }): UsageSeries => ({ customer_id: id, points }));
    const others = byEvents.slice(MAX_SERIES);
    return others.length === 0 ? shown : [...shown, merge(others, aggregation)];
  };
};
