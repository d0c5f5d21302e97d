import type { DatabaseSync } from "node:sqlite";
import type { Catalog } from "@meter-lib/core";
import { type Aggregation, HOUR_MS } from "@meter-lib/core/wire";
import { numberIn, type Row } from "./column.ts";
import { createDayOf } from "./day-of.ts";
import { heldLevels } from "./held-levels.ts";
import type { Labels } from "./labels.ts";
import type { Names } from "./names.ts";
import type { Rolled } from "./schema.ts";
import { DAY_MS } from "./usage-rollup.ts";
import { ASKED_LABELS, ASKED_METERS, OF_ACCOUNT, spanOf, usageSpan } from "./usage-span.ts";

/** Selects usage of one meter over time. */
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
  /** What each series is of: a customer, a tenant, or a value of a metadata key of the meter. @default "customer" */
  readonly group_by?: GroupBy | undefined;
}

/** What usage is grouped by. */
export type GroupBy = "customer" | "tenant" | { readonly key: string };

/** Usage in one hour or day; of a level, what all tenants of the group that reported one so far have at its end. */
export interface SeriesPoint {
  /** Start of the hour in milliseconds since the epoch, or the day as `2026-11-22`. */
  readonly at: number | string;
  readonly total_usage: number;
  readonly duration_ms: number;
  readonly events: number;
}

/** The usage of one group over time; `group` is null for all groups that have no series of their own, and for usage in none. */
export interface UsageSeries {
  readonly group: string | null;
  readonly points: readonly SeriesPoint[];
}

/** Returns at most {@link MAX_SERIES} groups, those with the most events, and one series for all others. */
export type QuerySeries = (query: SeriesQuery) => readonly UsageSeries[];

const MAX_SERIES = 8;

/** What a series is of; `meter` is the number of a label where labels are asked for. */
type GroupColumn = "customer" | "tenant" | "meter";

interface Source {
  readonly of: Rolled;
  readonly asked: string;
  readonly group: GroupColumn;
}

const topSql = ({ of, asked, group }: Source): string => `
  WITH RECURSIVE ${asked}, ${spanOf(of)}
  SELECT ${group} AS who, sum(events) AS events FROM span WHERE ${OF_ACCOUNT}
  GROUP BY who ORDER BY events DESC, who LIMIT ${MAX_SERIES}`;

/** Whose series a row belongs to: a group of the top, or 0 for all others. */
const whoOf = (group: GroupColumn): string =>
  `CASE WHEN ${group} IN (SELECT value FROM json_each(:top)) THEN ${group} ELSE 0 END`;

const SUMS = "sum(duration) AS duration, sum(events) AS events";

// What tenants and customers have together: sums add up, the highest is the highest.
const TOGETHER: Record<Exclude<Aggregation, "last">, string> = { sum: "sum(total)", max: "max(peak)" };

// Of a level the newest of an hour or a day, by tenant. With one max(), SQLite takes a bare column from the row that holds it.
const levelSql = (who: string, rows: string, bucket: string): string => `
  SELECT ${who} AS who, ${bucket} AS bucket, meter, tenant, customer, level, max(level_time), ${SUMS}
  FROM ${rows} WHERE ${OF_ACCOUNT} GROUP BY bucket, meter, tenant, customer ORDER BY bucket`;

const rowsSql = (who: string, aggregation: Aggregation, rows: string, bucket: string): string =>
  aggregation === "last"
    ? levelSql(who, rows, bucket)
    : `
  SELECT ${who} AS who, ${bucket} AS bucket, ifnull(${TOGETHER[aggregation]}, 0) AS value, ${SUMS}
  FROM ${rows} WHERE ${OF_ACCOUNT} GROUP BY who, bucket ORDER BY who, bucket`;

const hourSql = ({ of, asked, group }: Source, aggregation: Aggregation): string => {
  const rows = `(SELECT u.* FROM asked CROSS JOIN ${of}_hours u ON u.meter = asked.id AND u.at >= :from AND u.at < :to)`;
  return `WITH RECURSIVE ${asked} ${rowsSql(whoOf(group), aggregation, rows, "at")}`;
};

const utcDaySql = ({ of, asked, group }: Source, aggregation: Aggregation): string =>
  `WITH RECURSIVE ${asked}, ${spanOf(of)}
  ${rowsSql(whoOf(group), aggregation, "span", `at - at % ${DAY_MS}`)}`;

/** The hours of days on a clock elsewhere: `:days` is a JSON array of `[day, from, to]`. */
const LOCAL_DAYS = `
  days(day, start, stop) AS MATERIALIZED (
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(:days))`;

const localDaySql = ({ of, asked, group }: Source, aggregation: Aggregation): string => {
  const rows = `
  (SELECT u.*, day FROM asked CROSS JOIN days CROSS JOIN ${of}_hours u
   ON u.meter = asked.id AND u.at >= start AND u.at < stop)`;
  return `WITH RECURSIVE ${asked}, ${LOCAL_DAYS} ${rowsSql(whoOf(group), aggregation, rows, "day")}`;
};

/** Where labels are read: over all tenants, unless some are asked for, or levels, which are each tenant's own. */
const labelsOf = (
  aggregation: Aggregation,
  { tenant_id, customer_id }: Pick<SeriesQuery, "tenant_id" | "customer_id">,
): Rolled =>
  aggregation === "last" || tenant_id !== undefined || customer_id !== undefined ? "label" : "label_all";

/** Subtracts the usage of some groups from all usage. */
const restOf = (all: readonly UsageSeries[], groups: readonly UsageSeries[]): readonly SeriesPoint[] => {
  const left = new Map<SeriesPoint["at"], { total_usage: number; duration_ms: number; events: number }>();
  const add = (series: readonly UsageSeries[], sign: 1 | -1): void => {
    for (const { at, ...point } of series.flatMap(({ points }) => points)) {
      const sum = left.get(at) ?? { total_usage: 0, duration_ms: 0, events: 0 };
      sum.total_usage += sign * point.total_usage;
      sum.duration_ms += sign * point.duration_ms;
      sum.events += sign * point.events;
      left.set(at, sum);
    }
  };
  add(all, 1);
  add(groups, -1);
  return Array.from(left, ([at, sum]) => ({ at, ...sum }))
    .filter(({ total_usage, duration_ms, events }) => total_usage > 0 || duration_ms > 0 || events > 0)
    .sort((a, b) => (a.at < b.at ? -1 : 1));
};

export const createSeriesQuery = (
  database: DatabaseSync,
  catalog: Catalog,
  names: Names,
  labels: Labels,
): QuerySeries => {
  const meters = new Map(Object.entries(catalog));
  const dayOf = createDayOf();
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

  const query: QuerySeries = ({
    meter_id,
    tenant_id,
    customer_id,
    from,
    to,
    by,
    time_zone = "UTC",
    group_by = "customer",
  }) => {
    const aggregation = meters.get(meter_id)?.aggregation ?? "sum";
    const values =
      typeof group_by === "string" ? undefined : labels.valuesOf(names.find(meter_id) ?? 0, group_by.key);
    const source: Source =
      typeof group_by === "string"
        ? { of: "usage", asked: ASKED_METERS, group: group_by }
        : { of: labelsOf(aggregation, { tenant_id, customer_id }), asked: ASKED_LABELS, group: "meter" };
    const asked = {
      ...(values === undefined
        ? { meters: JSON.stringify([meter_id]) }
        : { labels: JSON.stringify([...values.keys()]) }),
      tenant_id: tenant_id ?? null,
      customer_id: customer_id ?? null,
    };
    const span = usageSpan(from, to);
    const hours = { from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER };
    const ids = database
      .prepare(topSql(source))
      .all({ ...asked, ...span })
      .map((row) => numberIn(row, "who"));
    const series = new Map<number, SeriesPoint[]>(ids.map((id) => [id, []]));
    const top = JSON.stringify(ids);
    // An event without the key is in no label, and sums tell how much those are; of levels and highest values nothing tells.
    const restBySums = values !== undefined && aggregation === "sum";
    const parameters = { ...asked, top, ...(restBySums ? { labels: top } : undefined) };
    const rows =
      by === "hour"
        ? database.prepare(hourSql(source, aggregation)).iterate({ ...parameters, ...hours })
        : time_zone === "UTC"
          ? database.prepare(utcDaySql(source, aggregation)).iterate({ ...parameters, ...span })
          : database.prepare(localDaySql(source, aggregation)).iterate({
              ...parameters,
              days: localDays(meter_id, hours.from, hours.to, time_zone),
            });
    const others: SeriesPoint[] = [];
    for (const row of aggregation === "last" ? heldLevels(rows) : rows)
      (series.get(numberIn(row, "who")) ?? others).push(pointOf(row, by));
    const shown = ids.map(
      (id): UsageSeries => ({
        group: (values === undefined ? names.nameOf(id) : values.get(id)) ?? null,
        points: series.get(id) ?? [],
      }),
    );
    const rest = restBySums
      ? restOf(query({ meter_id, tenant_id, customer_id, from, to, by, time_zone }), shown)
      : others;
    return rest.length === 0 ? shown : [...shown, { group: null, points: rest }];
  };
  return query;
};
