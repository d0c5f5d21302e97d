import type { DatabaseSync } from "node:sqlite";
import { numberIn, textIn } from "./column.ts";
import { ACCEPTED } from "./schema.ts";

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
    SELECT t.name AS tenant_id, m.name AS meter_id, u.hour, sum(u.events) AS events, sum(u.total) AS total,
      sum(u.duration) AS duration
    FROM usage_hours u JOIN names t ON t.id = u.tenant JOIN names m ON m.id = u.meter
    WHERE (:from IS NULL OR u.hour >= :from) AND (:to IS NULL OR u.hour < :to)
    GROUP BY u.tenant, u.meter, u.hour ORDER BY u.hour, u.tenant, u.meter`);
  const ids = database.prepare(`
    SELECT e.event_id FROM events e JOIN names t ON t.id = e.tenant JOIN names m ON m.id = e.meter
    WHERE t.name = ? AND m.name = ? AND e.event_time >= ? AND e.event_time < ? AND e.state = ${ACCEPTED}
    ORDER BY e.id`);

  return {
    rows: (from, to) =>
      rows.all({ from: from ?? null, to: to ?? null }).map((row) => ({
        tenant_id: textIn(row, "tenant_id"),
        meter_id: textIn(row, "meter_id"),
        hour: numberIn(row, "hour"),
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
