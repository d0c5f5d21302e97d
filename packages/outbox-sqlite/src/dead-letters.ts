import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { OutboxQuery, OutboxRow, OutboxSelection } from "@meter-lib/core";
import { parseBody } from "./event-body.ts";
import { ACKNOWLEDGED, REJECTED, rowState, stateNumber } from "./events-table.ts";
import { type Row, readNumber, readOptionalNumber, readOptionalText, readText } from "./read-column.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { Keys } from "./store-call.ts";

const MAX_EXPIRED = 1_000;
const DEFAULT_LIMIT = 100;

const COLUMNS = `key, state, tenant_id, event_id, meter_id, usage_time, total_usage, customer_id, lane, attempts, first_sent_at,
  recorded_at, reason, status, ended_at, body`;

const NOT_ENDED = { reason: null, status: null, ended_at: null };

const row = (columns: Row): OutboxRow => {
  const total_usage = readOptionalNumber(columns, "total_usage");
  const customer_id = readText(columns, "customer_id");
  return {
    key: readNumber(columns, "key"),
    state: rowState(readNumber(columns, "state")),
    event: {
      event_id: readText(columns, "event_id"),
      tenant_id: readText(columns, "tenant_id"),
      meter_id: readText(columns, "meter_id"),
      total_usage,
      ...parseBody(readText(columns, "body"), readNumber(columns, "usage_time"), total_usage),
    },
    customer_id: customer_id === "" ? undefined : customer_id,
    lane: readNumber(columns, "lane") === 0 ? "live" : "backfill",
    attempts: readNumber(columns, "attempts"),
    first_sent_at: readOptionalNumber(columns, "first_sent_at"),
    recorded_at: readNumber(columns, "recorded_at"),
    reason: readOptionalText(columns, "reason"),
    status: readOptionalNumber(columns, "status"),
    ended_at: readOptionalNumber(columns, "ended_at"),
  };
};

/** Looks at rows for people, and picks those that a person, or a rule on age, means. */
export class DeadLetters {
  readonly #segments: SegmentReader;
  readonly #all: StatementSync;
  readonly #waiting: StatementSync;
  readonly #buried: StatementSync;
  readonly #named: StatementSync;
  readonly #selected: StatementSync;
  readonly #expired: StatementSync;

  constructor(db: DatabaseSync, segments: SegmentReader) {
    this.#segments = segments;
    const filter = `key > :after AND (:tenant_id IS NULL OR tenant_id = :tenant_id) ORDER BY key LIMIT :limit`;
    this.#all = db.prepare(`SELECT ${COLUMNS} FROM events WHERE state < ${ACKNOWLEDGED} AND ${filter}`);
    this.#waiting = db.prepare(`SELECT ${COLUMNS} FROM events WHERE state = :state AND ${filter}`);
    this.#buried = db.prepare(
      `SELECT ${COLUMNS} FROM events INDEXED BY events_ended WHERE ended_at IS NOT NULL AND state = :state AND ${filter}`,
    );
    // By the identity index when the tenant is known.
    this.#named = db.prepare(`
      SELECT ${COLUMNS} FROM events WHERE event_id = :event_id AND state < ${ACKNOWLEDGED}
      AND (:state IS NULL OR state = :state) AND ${filter}`);
    this.#selected = db.prepare(`
      SELECT key FROM events WHERE state = :state AND ended_at IS NOT NULL
      AND (:tenant_id IS NULL OR tenant_id = :tenant_id)
      AND (:event_ids IS NULL OR event_id IN (SELECT value FROM json_each(:event_ids)))`);
    this.#expired = db.prepare("SELECT key FROM events WHERE state = ? AND ended_at < ? LIMIT ?");
  }

  list({ state, tenant_id, event_id, after = 0, limit = DEFAULT_LIMIT }: OutboxQuery): readonly OutboxRow[] {
    const common = { after, limit, tenant_id: tenant_id ?? null };
    const stateOrNull = state === undefined ? null : stateNumber(state);
    if (stateOrNull !== null && stateOrNull >= REJECTED && event_id === undefined)
      return this.#buried.all({ ...common, state: stateOrNull }).map(row);
    const rows = this.#rows(event_id, stateOrNull, common).map(row);
    const inSegments = this.#segments.waiting({ state, tenant_id, event_id, after, limit });
    if (inSegments.length === 0) return rows;
    return [...rows, ...inSegments.map((waiting) => row({ ...waiting, ...NOT_ENDED }))]
      .sort((a, b) => a.key - b.key)
      .slice(0, limit);
  }

  #rows(
    event_id: string | undefined,
    state: number | null,
    common: Record<string, number | string | null>,
  ): readonly Row[] {
    if (event_id !== undefined) return this.#named.all({ ...common, event_id, state });
    return state === null ? this.#all.all(common) : this.#waiting.all({ ...common, state });
  }

  select({ state, tenant_id, event_ids }: OutboxSelection): Keys {
    return keysOf(
      this.#selected.all({
        state: stateNumber(state),
        tenant_id: tenant_id ?? null,
        event_ids: event_ids === undefined ? null : JSON.stringify(event_ids),
      }),
    );
  }

  /** Some of those that ended before a time. */
  expired(state: "rejected" | "quarantined", before: number): Keys {
    return keysOf(this.#expired.all(stateNumber(state), before, MAX_EXPIRED));
  }
}

const keysOf = (rows: readonly Row[]): Keys => rows.map((columns) => readNumber(columns, "key"));
