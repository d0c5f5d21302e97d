import type { DatabaseSync, StatementSync } from "node:sqlite";

/** A row of `events` that is not over, as the schema has it. */
export interface NewRow {
  readonly key: number;
  readonly tenant_id: string;
  readonly event_id: string;
  readonly meter_id: string;
  readonly usage_time: number;
  readonly total_usage: number | null;
  readonly bytes: number;
  readonly fingerprint: number;
  readonly lane: number;
  readonly producer: number;
  readonly seq: number;
  readonly recorded_at: number;
  readonly state: number;
  readonly holder: number | null;
  readonly customer_id: string;
  readonly attempts: number;
  readonly first_sent_at: number | null;
  readonly body: string;
}

/** Puts rows into `events`, each identity once. */
export class InsertRow {
  readonly #insert: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(`
      INSERT INTO events (key, tenant_id, event_id, meter_id, usage_time, total_usage, bytes, fingerprint, lane, producer, seq,
                          recorded_at, state, holder, customer_id, attempts, first_sent_at, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, event_id) DO NOTHING`);
  }

  /** Answers false when the identity is there already. */
  insert(row: NewRow): boolean {
    const { changes } = this.#insert.run(
      row.key,
      row.tenant_id,
      row.event_id,
      row.meter_id,
      row.usage_time,
      row.total_usage,
      row.bytes,
      row.fingerprint,
      row.lane,
      row.producer,
      row.seq,
      row.recorded_at,
      row.state,
      row.holder,
      row.customer_id,
      row.attempts,
      row.first_sent_at,
      row.body,
    );
    return changes === 1;
  }
}
