import { DatabaseSync } from "node:sqlite";
import * as v from "valibot";

/** An event that was given up, as far as an outbox remembers it: its body is gone. */
export interface DiscardedEvent {
  readonly event_id: string;
  readonly tenant_id: string;
  readonly meter_id: string;
  /** When its usage counts, and when it was given up. Milliseconds since the epoch. */
  readonly usage_time: number;
  readonly ended_at: number;
  readonly attempts: number;
  /** Why it was given up, in the words of who did. */
  readonly reason: string;
}

export interface DiscardedQuery {
  readonly tenant_id?: string | undefined;
  readonly event_id?: string | undefined;
  readonly limit: number;
}

// As @meter-lib/outbox-sqlite writes it.
const DISCARDED = 5;

const Row = v.object({
  event_id: v.string(),
  tenant_id: v.string(),
  meter_id: v.string(),
  usage_time: v.number(),
  ended_at: v.number(),
  attempts: v.number(),
  reason: v.nullable(v.string()),
});

/**
 * What was given up, the newest first. An `Outbox` says of ended events only that they were; an SQLite file still knows why. It
 * is read beside the outbox, and only read.
 */
export const readDiscarded = (
  path: string,
  { tenant_id, event_id, limit }: DiscardedQuery,
): readonly DiscardedEvent[] => {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = database
      .prepare(`
        SELECT event_id, tenant_id, meter_id, usage_time, ended_at, attempts, reason FROM events
        WHERE state = ${DISCARDED} AND ended_at IS NOT NULL
          AND (:tenant_id IS NULL OR tenant_id = :tenant_id) AND (:event_id IS NULL OR event_id = :event_id)
        ORDER BY ended_at DESC, key DESC LIMIT :limit`)
      .all({ tenant_id: tenant_id ?? null, event_id: event_id ?? null, limit });
    return v.parse(v.array(Row), rows).map((row) => ({ ...row, reason: row.reason ?? "" }));
  } finally {
    database.close();
  }
};
