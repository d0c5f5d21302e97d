import type { DatabaseSync } from "node:sqlite";
import type { Catalog } from "@meter-lib/core";
import type { Aggregation } from "@meter-lib/core/wire";
import { numberIn, type Row, textIn } from "./column.ts";
import { ASKED_METERS, OF_ACCOUNT, SPAN, usageSpan } from "./usage-span.ts";

/** Selects usage. A missing field selects all. */
export interface UsageQuery {
  readonly tenant_id?: string | undefined;
  readonly customer_id?: string | undefined;
  readonly meter_id?: string | undefined;
  /** Only hours that start at or after this time. Milliseconds since the epoch. */
  readonly from?: number | undefined;
  /** Only hours that start before this time. Milliseconds since the epoch. */
  readonly to?: number | undefined;
  /** One row per hour instead of one in total. */
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
  /** Events received again with the same id and content; not counted. */
  readonly duplicates: number;
  /** Events received with a known id and different content; not counted. */
  readonly conflicts: number;
  /** Events counted although they arrived late. */
  readonly late: number;
}

/** Rows in order of tenant, customer, meter and hour, as they were first seen. */
export type QueryUsage = (query?: UsageQuery) => readonly UsageRow[];

export interface UsageQueries {
  readonly rows: QueryUsage;
  /** The rows by the hour, a page at a time, in order of meter, hour, tenant and customer. */
  hourPages(query: UsageQuery, size: number): Iterable<readonly UsageRow[]>;
}

const NAMES =
  "JOIN names t ON t.id = u.tenant JOIN names c ON c.id = u.customer JOIN names m ON m.id = u.meter";

// Grouped in the order in which the rows lie: SQLite sorts what is nearly sorted in half the time.
const TOTALS = `
  WITH RECURSIVE ${SPAN}
  SELECT t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id, u.*
  FROM (
    SELECT tenant, customer, meter, sum(events) AS events, sum(duplicates) AS duplicates, sum(conflicts) AS conflicts,
      sum(late) AS late, sum(total) AS total, max(peak) AS peak, sum(duration) AS duration
    FROM span WHERE ${OF_ACCOUNT} GROUP BY meter, tenant, customer
  ) u ${NAMES} ORDER BY u.tenant, u.customer, u.meter`;

// With one max(), SQLite takes a bare column from the row that holds it.
const LEVELS = `
  WITH RECURSIVE ${SPAN}
  SELECT tenant, customer, meter, level, max(level_time) FROM span
  WHERE level_time IS NOT NULL AND ${OF_ACCOUNT} GROUP BY tenant, customer, meter`;

const HOURS = `
  WITH RECURSIVE ${ASKED_METERS}
  SELECT t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id, u.*
  FROM asked CROSS JOIN usage_hours u ON u.meter = asked.id AND u.at >= :from AND u.at < :to ${NAMES}
  WHERE ${OF_ACCOUNT} ORDER BY u.tenant, u.customer, u.meter, u.at`;

// Of one meter; the way to the next page is the last row of this one.
const HOUR_PAGE = `
  SELECT t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id, u.*
  FROM usage_hours u ${NAMES}
  WHERE u.meter = :meter AND u.at >= :from AND u.at < :to AND (u.at, u.tenant, u.customer) > (:at, :tenant, :customer)
    AND ${OF_ACCOUNT}
  ORDER BY u.at, u.tenant, u.customer LIMIT :size`;

const COLUMN: Record<Aggregation, string> = { sum: "total", last: "level", max: "peak" };

const accountKey = (row: Row): string => `${row.tenant} ${row.customer} ${row.meter}`;

export const createUsageQuery = (database: DatabaseSync, catalog: Catalog): UsageQueries => {
  const totals = database.prepare(TOTALS);
  const levels = database.prepare(LEVELS);
  // Only meters that the account used: to find that in their hours takes far longer.
  const used = database.prepare(`
    WITH RECURSIVE ${ASKED_METERS}
    SELECT id FROM asked WHERE EXISTS (SELECT 1 FROM usage_days WHERE meter = asked.id AND ${OF_ACCOUNT})`);
  const hours = database.prepare(HOURS);
  const hourPage = database.prepare(HOUR_PAGE);
  // A Map: an id such as "constructor" must not find what every object has.
  const aggregations = new Map<string, Aggregation>();
  for (const [meter_id, { aggregation }] of Object.entries(catalog))
    aggregations.set(meter_id, aggregation ?? "sum");
  const ofLast = [...aggregations].filter(([, how]) => how === "last").map(([meter_id]) => meter_id);

  const rowOf = (row: Row, by: "hour" | undefined, level: unknown): UsageRow => {
    const meter_id = textIn(row, "meter_id");
    const aggregation = aggregations.get(meter_id) ?? "sum";
    const value = aggregation === "last" ? level : row[COLUMN[aggregation]];
    return {
      tenant_id: textIn(row, "tenant_id"),
      customer_id: textIn(row, "customer_id"),
      meter_id,
      ...(by === "hour" ? { hour: numberIn(row, "at") } : undefined),
      total_usage: typeof value === "number" ? value : 0,
      duration_ms: numberIn(row, "duration"),
      events: numberIn(row, "events"),
      duplicates: numberIn(row, "duplicates"),
      conflicts: numberIn(row, "conflicts"),
      late: numberIn(row, "late"),
    };
  };

  const accountOf = ({ tenant_id, customer_id }: UsageQuery) => ({
    tenant_id: tenant_id ?? null,
    customer_id: customer_id ?? null,
  });
  const timeOf = ({ from = 0, to = Number.MAX_SAFE_INTEGER }: UsageQuery) => ({ from, to });
  const metersOf = ({ meter_id }: UsageQuery) => (meter_id === undefined ? null : JSON.stringify([meter_id]));

  const sums = (query: UsageQuery): readonly UsageRow[] => {
    const parameters = { ...accountOf(query), ...usageSpan(query.from, query.to) };
    const meters = ofLast.filter((id) => query.meter_id === undefined || query.meter_id === id);
    const newest = new Map<string, unknown>();
    if (meters.length > 0) {
      for (const row of levels.iterate({ ...parameters, meters: JSON.stringify(meters) }))
        newest.set(accountKey(row), row.level);
    }
    const rows = totals.all({ ...parameters, meters: metersOf(query) });
    return rows.map((row) => rowOf(row, undefined, newest.get(accountKey(row))));
  };

  const hourPages = function* (query: UsageQuery, size: number): Generator<readonly UsageRow[]> {
    const parameters = { ...accountOf(query), ...timeOf(query), size };
    for (const { id: meter = null } of used.all({ ...accountOf(query), meters: metersOf(query) })) {
      let last = { at: -1, tenant: 0, customer: 0 };
      for (;;) {
        const rows = hourPage.all({ ...parameters, meter, ...last });
        yield rows.map((row) => rowOf(row, "hour", row.level));
        const end = rows.at(-1);
        if (end === undefined || rows.length < size) break;
        last = {
          at: numberIn(end, "at"),
          tenant: numberIn(end, "tenant"),
          customer: numberIn(end, "customer"),
        };
      }
    }
  };

  return {
    rows: (query = {}) =>
      query.by === "hour"
        ? hours
            .all({ ...accountOf(query), ...timeOf(query), meters: metersOf(query) })
            .map((row) => rowOf(row, "hour", row.level))
        : sums(query),
    hourPages,
  };
};
