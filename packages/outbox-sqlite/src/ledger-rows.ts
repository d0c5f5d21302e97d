import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LedgerId, LedgerKey, LedgerRange, LedgerRow, ProducerRow } from "@meter-lib/core";
import { ACKNOWLEDGED, HOUR_MS, stateName } from "./events-table.ts";
import { readNumber, readText } from "./read-column.ts";

/** Reads the ledger and the ids behind it. */
export class LedgerRows {
  readonly #rows: StatementSync;
  readonly #ids: StatementSync;
  readonly #producers: StatementSync;
  readonly #unacknowledged: StatementSync;

  constructor(db: DatabaseSync) {
    this.#rows = db.prepare(`
      SELECT hour, tenant_id, meter_id, recorded, acknowledged, recorded_usage, acknowledged_usage
      FROM ledger WHERE hour >= ? AND hour < ? ORDER BY hour, tenant_id, meter_id`);
    this.#ids = db.prepare(`
      SELECT event_id, state FROM events
      WHERE tenant_id = ? AND meter_id = ? AND usage_time >= ? AND usage_time < ? ORDER BY key`);
    this.#producers = db.prepare(
      "SELECT id, producer, last_seq FROM producers WHERE last_seq > 0 ORDER BY id",
    );
    // Consecutive numbers have the same distance from their rank.
    this.#unacknowledged = db.prepare(`
      SELECT producer, min(seq) AS first, max(seq) AS last FROM (
        SELECT producer, seq, seq - row_number() OVER (PARTITION BY producer ORDER BY seq) AS run
        FROM events WHERE state <> ${ACKNOWLEDGED})
      GROUP BY producer, run ORDER BY producer, first`);
  }

  producers(): readonly ProducerRow[] {
    const unacknowledged = Map.groupBy(this.#unacknowledged.all(), (row) => readNumber(row, "producer"));
    return this.#producers.all().map((row) => ({
      producer: readText(row, "producer"),
      last_seq: readNumber(row, "last_seq"),
      unacknowledged: (unacknowledged.get(readNumber(row, "id")) ?? []).map((range) => ({
        from: readNumber(range, "first"),
        to: readNumber(range, "last"),
      })),
    }));
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
