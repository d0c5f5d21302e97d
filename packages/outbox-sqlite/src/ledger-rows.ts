import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LedgerId, LedgerKey, LedgerRange, LedgerRow, ProducerRow } from "@meter-lib/core";
import { ACKNOWLEDGED, HOUR_MS, stateName } from "./events-table.ts";
import { readNumber, readText } from "./read-column.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** Reads the ledger and the ids behind it. */
export class LedgerRows {
  readonly #segments: SegmentReader;
  readonly #rows: StatementSync;
  readonly #ids: StatementSync;
  readonly #producers: StatementSync;
  readonly #unacknowledged: StatementSync;

  constructor(db: DatabaseSync, segments: SegmentReader) {
    this.#segments = segments;
    this.#rows = db.prepare(`
      SELECT hour, tenant_id, meter_id, recorded, acknowledged, recorded_usage, acknowledged_usage
      FROM ledger WHERE hour >= ? AND hour < ? ORDER BY hour, tenant_id, meter_id`);
    this.#ids = db.prepare(`
      SELECT key, event_id, state FROM events
      WHERE tenant_id = ? AND meter_id = ? AND usage_time >= ? AND usage_time < ? ORDER BY key`);
    this.#producers = db.prepare(
      "SELECT id, producer, last_seq FROM producers WHERE last_seq > 0 ORDER BY id",
    );
    this.#unacknowledged = db.prepare(
      `SELECT producer, seq FROM events WHERE state <> ${ACKNOWLEDGED} ORDER BY producer, seq`,
    );
  }

  producers(): readonly ProducerRow[] {
    const inRows = Map.groupBy(this.#unacknowledged.all(), (row) => readNumber(row, "producer"));
    const inSegments = this.#segments.waitingNumbers();
    return this.#producers.all().map((row) => {
      const id = readNumber(row, "id");
      const seqs = (inRows.get(id) ?? []).map((event) => readNumber(event, "seq"));
      const all = [...seqs, ...(inSegments.get(id) ?? [])];
      return {
        producer: readText(row, "producer"),
        last_seq: readNumber(row, "last_seq"),
        unacknowledged: ranges(all.sort((a, b) => a - b)),
      };
    });
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

  ids(line: LedgerKey): readonly LedgerId[] {
    const { tenant_id, meter_id, hour } = line;
    const inRows = this.#ids
      .all(tenant_id, meter_id, hour, hour + HOUR_MS)
      .map((row): readonly [number, LedgerId] => [
        readNumber(row, "key"),
        { event_id: readText(row, "event_id"), state: stateName(readNumber(row, "state")) },
      ]);
    return [...inRows, ...this.#segments.ids(line)].sort(([a], [b]) => a - b).map(([, id]) => id);
  }
}

const ranges = (seqs: readonly number[]): ProducerRow["unacknowledged"] => {
  const found: { from: number; to: number }[] = [];
  for (const seq of seqs) {
    const last = found.at(-1);
    if (last !== undefined && seq === last.to + 1) last.to = seq;
    else found.push({ from: seq, to: seq });
  }
  return found;
};
