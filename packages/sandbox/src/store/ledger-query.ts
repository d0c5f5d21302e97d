import type { DatabaseSync } from "node:sqlite";
import { HOUR_MS } from "@meter-lib/core/wire";
import { numberIn, textIn } from "./column.ts";
import { ACCEPTED } from "./schema.ts";
import { ASKED_METERS } from "./usage-span.ts";

/** What was counted of one tenant and meter in one hour, to compare with what a client says it sent. */
export interface LedgerRow {
  readonly tenant_id: string;
  readonly meter_id: string;
  /** Start of the hour, in milliseconds since the epoch. */
  readonly hour: number;
  readonly events: number;
  /** The plain sum, whatever the meter's aggregation. */
  readonly total_usage: number;
  readonly duration_ms: number;
}

/** The ids behind one row of the ledger. */
export interface LedgerIds {
  /** In order of arrival. */
  readonly ids: readonly string[];
  /** Events that came without an id. */
  readonly without_id: number;
}

export interface LedgerQuery {
  /** Hours that start in `from` (included) to `to` (excluded), in milliseconds since the epoch; of these meters only, else of all. */
  rows(from?: number, to?: number, meters?: readonly string[]): readonly LedgerRow[];
  ids(tenant_id: string, meter_id: string, hour: number): LedgerIds;
}

export const createLedgerQuery = (database: DatabaseSync): LedgerQuery => {
  const rows = database.prepare(`
    WITH RECURSIVE ${ASKED_METERS}
    SELECT t.name AS tenant_id, m.name AS meter_id, u.* FROM (
      SELECT h.tenant, h.meter, h.at, sum(h.events) AS events, sum(h.total) AS total, sum(h.duration) AS duration
      FROM asked CROSS JOIN usage_hours h ON h.meter = asked.id AND h.at >= :from AND h.at < :to
      GROUP BY h.meter, h.at, h.tenant
    ) u JOIN names t ON t.id = u.tenant JOIN names m ON m.id = u.meter ORDER BY u.at, u.tenant, u.meter`);
  // The rollup says how many there are: with the last of them found, the search ends. The newest first, as questions mostly
  // are about what was just sent.
  const ids = database.prepare(`
    WITH asked AS MATERIALIZED (
      SELECT t.id AS tenant, m.id AS meter FROM names t, names m WHERE t.name = :tenant_id AND m.name = :meter_id)
    SELECT ifnull(corrects, event_id) AS event_id FROM events
    WHERE tenant = (SELECT tenant FROM asked) AND meter = (SELECT meter FROM asked)
      AND event_time >= :hour AND event_time < :hour + ${HOUR_MS} AND state = ${ACCEPTED}
    ORDER BY id DESC LIMIT (
      SELECT ifnull(sum(u.events), 0) FROM asked CROSS JOIN usage_hours u
      ON u.meter = asked.meter AND u.at = :hour AND u.tenant = asked.tenant)`);

  return {
    rows: (from, to, meters) =>
      rows
        .all({
          meters: meters === undefined ? null : JSON.stringify(meters),
          from: from ?? 0,
          to: to ?? Number.MAX_SAFE_INTEGER,
        })
        .map((row) => ({
          tenant_id: textIn(row, "tenant_id"),
          meter_id: textIn(row, "meter_id"),
          hour: numberIn(row, "at"),
          events: numberIn(row, "events"),
          total_usage: numberIn(row, "total"),
          duration_ms: numberIn(row, "duration"),
        })),
    ids: (tenant_id, meter_id, hour) => {
      const found: string[] = [];
      let without_id = 0;
      for (const row of ids.iterate({ tenant_id, meter_id, hour })) {
        if (row.event_id === null) without_id++;
        else found.push(textIn(row, "event_id"));
      }
      return { ids: found.reverse(), without_id };
    },
  };
};
