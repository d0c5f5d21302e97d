import type { DatabaseSync } from "node:sqlite";
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
  /** Hours that start in `from` (included) to `to` (excluded), in milliseconds since the epoch. */
  rows(from?: number, to?: number): readonly LedgerRow[];
  ids(tenant_id: string, meter_id: string, hour: number): LedgerIds;
}

const HOUR_MS = 3_600_000;

export const createLedgerQuery = (database: DatabaseSync): LedgerQuery => {
  const rows = database.prepare(`
    WITH RECURSIVE ${ASKED_METERS}
    SELECT t.name AS tenant_id, m.name AS meter_id, u.* FROM (
      SELECT h.tenant, h.meter, h.at, sum(h.events) AS events, sum(h.total) AS total, sum(h.duration) AS duration
      FROM asked CROSS JOIN usage_hours h ON h.meter = asked.id AND h.at >= :from AND h.at < :to
      GROUP BY h.meter, h.at, h.tenant
    ) u JOIN names t ON t.id = u.tenant JOIN names m ON m.id = u.meter ORDER BY u.at, u.tenant, u.meter`);
  const ids = database.prepare(`
    SELECT event_id FROM events
    WHERE tenant = (SELECT id FROM names WHERE name = ?) AND meter = (SELECT id FROM names WHERE name = ?)
      AND event_time >= ? AND event_time < ? AND state = ${ACCEPTED}
    ORDER BY id`);

  return {
    rows: (from, to) =>
      rows.all({ meters: null, from: from ?? 0, to: to ?? Number.MAX_SAFE_INTEGER }).map((row) => ({
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
      for (const row of ids.iterate(tenant_id, meter_id, hour, hour + HOUR_MS)) {
        if (row.event_id === null) without_id++;
        else found.push(textIn(row, "event_id"));
      }
      return { ids: found, without_id };
    },
  };
};
