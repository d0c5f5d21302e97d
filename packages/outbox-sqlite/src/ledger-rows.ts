import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LedgerId, LedgerKey, LedgerRange, LedgerRow } from "@meter-lib/core";
import { HOUR_MS, stateName } from "./events-table.ts";
import { readNumber, readText } from "./read-column.ts";

/** Reads the ledger and the ids behind it. */
export class LedgerRows {
  readonly #rows: StatementSync;
  readonly #ids: StatementSync;

  constructor(db: DatabaseSync) {
    this.#rows = db.prepare(`
      SELECT hour, tenant_id, meter_id, recorded, acknowledged, recorded_usage, acknowledged_usage
      FROM ledger WHERE hour >= ? AND hour < ? ORDER BY hour, tenant_id, meter_id`);
    this.#ids = db.prepare(`
      SELECT event_id, state FROM events
      WHERE tenant_id = ? AND meter_id = ? AND usage_time >= ? AND usage_time < ? ORDER BY key`);
  }

  rows({
    from = Number.NEGATIVE_INFINITY,
    to = Number.POSITIVE_INFINITY,
  }: LedgerRange): readonly LedgerRow[] {
    return this.#rows.all(from, to).map((row) => ({
      tenant_id: readText(row, "tenant_id"),
      meter_id: readText(row, "meter_id"),
      hour: readNumber(row, "hour"),
      recorded: readNumber(row, "recorded"),
      acknowledged: readNumber(row, "acknowledged"),
      recorded_usage: readNumber(row, "recorded_usage"),
      acknowledged_usage: readNumber(row, "acknowledged_usage"),
    }));
  }

  ids({ tenant_id, meter_id, hour }: LedgerKey): readonly LedgerId[] {
    return this.#ids.all(tenant_id, meter_id, hour, hour + HOUR_MS).map((row) => ({
      event_id: readText(row, "event_id"),
      state: stateName(readNumber(row, "state")),
    }));
  }
}
