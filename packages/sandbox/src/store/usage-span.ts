import type { Rolled, UsageTable } from "./schema.ts";
import { DAY_MS } from "./usage-rollup.ts";

/** The parts of a time: whole days, and the hours before and after them. `from` included, `to` excluded. */
export interface UsageSpan {
  readonly headFrom: number;
  readonly headTo: number;
  readonly dayFrom: number;
  readonly dayTo: number;
  readonly tailFrom: number;
  readonly tailTo: number;
}

/** Beyond every time that an event may have. */
const END = Number.MAX_SAFE_INTEGER;

/** Cuts a time, open where an end is missing, so that days do the most of it. */
export const usageSpan = (from: number = 0, to: number = END): UsageSpan => {
  const dayFrom = Math.ceil(from / DAY_MS) * DAY_MS;
  const dayTo = to === END ? END : to - (to % DAY_MS);
  if (dayTo <= dayFrom)
    return { headFrom: from, headTo: to, dayFrom: END, dayTo: END, tailFrom: END, tailTo: END };
  return { headFrom: from, headTo: dayFrom, dayFrom, dayTo, tailFrom: dayTo, tailTo: to };
};

/**
 * SQL for a table `asked` of the meters asked for, behind `WITH RECURSIVE`. `:meters` is their names as a JSON array, or NULL
 * for all: those are found by leaps through the index, a step each.
 */
export const ASKED_METERS = `
  every(id) AS (
    SELECT min(meter) FROM usage_days
    UNION ALL SELECT (SELECT min(meter) FROM usage_days WHERE meter > every.id) FROM every WHERE id IS NOT NULL),
  asked(id) AS MATERIALIZED (
    SELECT id FROM every WHERE :meters IS NULL AND id IS NOT NULL
    UNION ALL SELECT id FROM names WHERE name IN (SELECT value FROM json_each(:meters)))`;

/** SQL for a table `asked` of labels, by their numbers as a JSON array in `:labels`. */
export const ASKED_LABELS = "asked(id) AS MATERIALIZED (SELECT value FROM json_each(:labels))";

/** SQL for a table `span`, behind `WITH RECURSIVE` and `asked`: the rows of a {@link UsageSpan}, days and hours mixed. */
export const spanOf = (of: Rolled): string => {
  const part = (table: UsageTable, from: string, to: string): string =>
    `SELECT u.* FROM asked CROSS JOIN ${table} u ON u.meter = asked.id AND u.at >= :${from} AND u.at < :${to}`;
  return `
  span AS (
    ${part(`${of}_hours`, "headFrom", "headTo")}
    UNION ALL ${part(`${of}_days`, "dayFrom", "dayTo")}
    UNION ALL ${part(`${of}_hours`, "tailFrom", "tailTo")})`;
};

/** {@link spanOf} the meters asked for. */
export const SPAN = `${ASKED_METERS}, ${spanOf("usage")}`;

/** SQL: whether a row is of the tenant and the customer asked for; NULL asks for all. */
export const OF_ACCOUNT = `
  (:tenant_id IS NULL OR tenant = (SELECT id FROM names WHERE name = :tenant_id))
  AND (:customer_id IS NULL OR customer = (SELECT id FROM names WHERE name = :customer_id))`;
