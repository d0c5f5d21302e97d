import type { DatabaseSync } from "node:sqlite";
import type { Aggregation, Catalog } from "@meter-lib/core";
import { numberIn, type Row, textIn } from "./column.ts";
import { createDayOf } from "./day-of.ts";
import { DAY_MS, HOUR_MS } from "./usage-rollup.ts";
import { ASKED_METERS, OF_ACCOUNT, SPAN, usageSpan } from "./usage-span.ts";

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

const MAX_SERIES = 8;

const TOP = `
  WITH RECURSIVE ${SPAN}
  SELECT customer, c.name AS customer_id, events FROM (
    SELECT customer, sum(events) AS events FROM span WHERE ${OF_ACCOUNT}
    GROUP BY customer ORDER BY events DESC, customer LIMIT ${MAX_SERIES}
  ) JOIN names c ON c.id = customer ORDER BY events DESC, customer`;

/** Whose series a row belongs to: a customer of the top, or 0 for all others. */
const WHO = "CASE WHEN customer IN (SELECT value FROM json_each(:top)) THEN customer ELSE 0 END";

const SUMS = "sum(duration) AS duration, sum(events) AS events";

// What tenants and customers have together: levels and sums add up, the highest is the highest.
const TOGETHER: Record<Aggregation, string> = { sum: "sum(total)", last: "sum(level)", max: "max(peak)" };

const bucketSql = (aggregation: Aggregation, rows: string, bucket: string): string => `
  SELECT ${WHO} AS who, ${bucket} AS bucket, ifnull(${TOGETHER[aggregation]}, 0) AS value, ${SUMS}
  FROM ${rows} WHERE ${OF_ACCOUNT} GROUP BY who, bucket`;

// The newest level of a day is the level of a tenant, and those add up. With one max(), SQLite takes a bare column from the
// row that holds it.
const levelSql = (rows: string, bucket: string): string => `
  SELECT who, bucket, ifnull(sum(level), 0) AS value, ${SUMS}
  FROM (
    SELECT ${WHO} AS who, ${bucket} AS bucket, level, max(level_time), ${SUMS}
    FROM ${rows} WHERE ${OF_ACCOUNT} GROUP BY tenant, customer, bucket
  ) GROUP BY who, bucket`;

const HOURS =
  "(SELECT u.* FROM asked CROSS JOIN usage_hours u ON u.meter = asked.id AND u.at >= :from AND u.at < :to)";

const hourSql = (aggregation: Aggregation): string =>
  `WITH RECURSIVE ${ASKED_METERS} ${bucketSql(aggregation, HOURS, "at")} ORDER BY who, bucket`;

const utcDaySql = (aggregation: Aggregation): string => {
  const day = `at - at % ${DAY_MS}`;
  const rows = aggregation === "last" ? levelSql("span", day) : bucketSql(aggregation, "span", day);
  return `WITH RECURSIVE ${SPAN} ${rows} ORDER BY who, bucket`;
};

/** The hours of days on a clock elsewhere: `:days` is a JSON array of `[day, from, to]`. */
const LOCAL_DAYS = `
  days(day, start, stop) AS MATERIALIZED (
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:days))`;

const LOCAL_HOURS = `
  (SELECT u.*, day FROM asked CROSS JOIN days CROSS JOIN usage_hours u
   ON u.meter = asked.id AND u.at >= start AND u.at < stop)`;

const localDaySql = (aggregation: Aggregation): string => {
  const rows =
    aggregation === "last" ? levelSql(LOCAL_HOURS, "day") : bucketSql(aggregation, LOCAL_HOURS, "day");
  return `WITH RECURSIVE ${ASKED_METERS}, ${LOCAL_DAYS} ${rows} ORDER BY who, bucket`;
};

export const createSeriesQuery = (database: DatabaseSync, catalog: Catalog): QuerySeries => {
  const meters = new Map(Object.entries(catalog));
  const dayOf = createDayOf();
  const topCustomers = database.prepare(TOP);
  const utcDays = database.prepare(`
    SELECT DISTINCT at FROM usage_days
    WHERE meter = (SELECT id FROM names WHERE name = ?) AND at > ? AND at < ? ORDER BY at`);

  /** The days of a zone that hold something, cut to the time asked for. An hour belongs to the day in which it starts. */
  const localDays = (meter_id: string, from: number, to: number, timeZone: string): string => {
    const days: [day: string, from: number, to: number][] = [];
    for (const { at } of utcDays.iterate(meter_id, from - DAY_MS, to)) {
      for (let hour = Number(at); hour < Number(at) + DAY_MS; hour += HOUR_MS) {
        if (hour < from || hour >= to) continue;
        const day = dayOf(hour, timeZone);
        const last = days.at(-1);
        if (last !== undefined && last[0] === day) last[2] = hour + HOUR_MS;
        else days.push([day, hour, hour + HOUR_MS]);
      }
    }
    return JSON.stringify(days);
  };

  const pointOf = (row: Row, by: "hour" | "day"): SeriesPoint => ({
    at:
      typeof row.bucket === "string"
        ? row.bucket
        : by === "hour"
          ? numberIn(row, "bucket")
          : dayOf(numberIn(row, "bucket"), "UTC"),
    total_usage: numberIn(row, "value"),
    duration_ms: numberIn(row, "duration"),
    events: numberIn(row, "events"),
  });

  return ({ meter_id, tenant_id, customer_id, from, to, by, time_zone = "UTC" }) => {
    const aggregation = meters.get(meter_id)?.aggregation ?? "sum";
    const asked = {
      meters: JSON.stringify([meter_id]),
      tenant_id: tenant_id ?? null,
      customer_id: customer_id ?? null,
    };
    const span = usageSpan(from, to);
    const hours = { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER };
    const top = topCustomers.all({ ...asked, ...span });
    const ids = top.map((row) => numberIn(row, "customer"));
    const series = new Map<number, SeriesPoint[]>(ids.map((id) => [id, []]));
    const parameters = { ...asked, top: JSON.stringify(ids) };
    const rows =
      by === "hour"
        ? database.prepare(hourSql(aggregation)).iterate({ ...parameters, ...hours })
        : time_zone === "UTC"
          ? database.prepare(utcDaySql(aggregation)).iterate({ ...parameters, ...span })
          : database.prepare(localDaySql(aggregation)).iterate({
              ...parameters,
              days: localDays(meter_id, hours.from, hours.to, time_zone),
            });
    const others: SeriesPoint[] = [];
    for (const row of rows) (series.get(numberIn(row, "who")) ?? others).push(pointOf(row, by));
    const shown = top.map(
      (row): UsageSeries => ({
        customer_id: textIn(row, "customer_id"),
        points: series.get(numberIn(row, "customer")) ?? [],
      }),
    );
    return others.length === 0 ? shown : [...shown, { customer_id: null, points: others }];
  };
};
