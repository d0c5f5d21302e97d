import type { DatabaseSync, StatementSync } from "node:sqlite";
import { parseJson } from "./metadata-json.ts";
import type { PackedEvents, UsageSum } from "./packed-events.ts";
import { type Row, readNumber, readText } from "./read-column.ts";

// `segments.states`, a character for each event.
/** Pending, or on its way when a lease names it. */
export const WAITING = 0x30; // "0"
/** A tombstone. */
export const ENDED = 0x34; // "4"
/** In a row of `events` now. */
export const ELSEWHERE = 0x2d; // "-"

/** What is known of a segment without reading its events. */
export interface Segment {
  readonly firstKey: number;
  readonly firstSeq: number;
  readonly owner: number;
  readonly count: number;
  readonly recordedAt: number;
  readonly states: Uint8Array;
  readonly waiting: number;
  readonly acknowledged: number;
}

/** What one sending says of some events of a segment; undefined in place of what is damaged. */
export interface SegmentLease {
  readonly customer_id: string;
  readonly attempts: number;
  readonly firstSentAt: number;
  readonly places: readonly number[];
}

const COLUMNS = "first_key, first_seq, owner, count, recorded_at, states, waiting, acknowledged";

const segment = (row: Row): Segment => ({
  firstKey: readNumber(row, "first_key"),
  firstSeq: readNumber(row, "first_seq"),
  owner: readNumber(row, "owner"),
  count: readNumber(row, "count"),
  recordedAt: readNumber(row, "recorded_at"),
  states: row.states instanceof Uint8Array ? row.states : new Uint8Array(),
  waiting: readNumber(row, "waiting"),
  acknowledged: readNumber(row, "acknowledged"),
});

/** The tables `segments`, `segment_identities`, `segment_bodies` and `leases`. */
export class SegmentTable {
  readonly #insert: StatementSync;
  readonly #insertIdentities: StatementSync;
  readonly #insertBodies: StatementSync;
  readonly #insertLease: StatementSync;
  readonly #any: StatementSync;
  readonly #get: StatementSync;
  readonly #update: StatementSync;
  readonly #identities: StatementSync;
  readonly #bodies: StatementSync;
  readonly #leases: StatementSync;
  readonly #waitingOf: StatementSync;
  readonly #ownersGone: StatementSync;
  readonly #waitingAfter: StatementSync;
  readonly #all: StatementSync;
  readonly #around: StatementSync;
  readonly #oldest: StatementSync;
  readonly #remove: readonly StatementSync[];
  readonly #removeContent: readonly StatementSync[];

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(`
      INSERT INTO segments (first_key, owner, first_seq, count, recorded_at, min_id, max_id, states, waiting)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#insertIdentities = db.prepare("INSERT INTO segment_identities VALUES (?, ?, ?)");
    this.#insertBodies = db.prepare("INSERT INTO segment_bodies VALUES (?, ?)");
    this.#insertLease = db.prepare(`
      INSERT INTO leases (segment, nr, deliveries)
      VALUES (:segment, (SELECT ifnull(max(nr), 0) + 1 FROM leases WHERE segment = :segment), :deliveries)`);
    this.#any = db.prepare("SELECT 1 FROM segments LIMIT 1");
    this.#get = db.prepare(`SELECT ${COLUMNS} FROM segments WHERE first_key = ?`);
    this.#update = db.prepare(
      "UPDATE segments SET states = ?, waiting = ?, acknowledged = ?, changed_at = ifnull(?, changed_at) WHERE first_key = ?",
    );
    this.#identities = db.prepare("SELECT sums, identities FROM segment_identities WHERE first_key = ?");
    this.#bodies = db.prepare("SELECT bodies FROM segment_bodies WHERE first_key = ?");
    this.#leases = db.prepare("SELECT deliveries FROM leases WHERE segment = ? ORDER BY nr");
    this.#waitingOf = db.prepare(`
      SELECT ${COLUMNS} FROM segments WHERE owner = ? AND waiting > 0 ORDER BY first_key`);
    this.#ownersGone = db.prepare(`
      SELECT DISTINCT owner FROM segments WHERE waiting > 0 AND owner NOT IN (SELECT id FROM producers WHERE live = 1)`);
    this.#waitingAfter = db.prepare(`
      SELECT ${COLUMNS} FROM segments INDEXED BY segments_waiting WHERE waiting > 0 AND first_key + count > ? ORDER BY first_key`);
    this.#all = db.prepare(`SELECT ${COLUMNS} FROM segments ORDER BY first_key`);
    this.#around = db.prepare(`SELECT ${COLUMNS} FROM segments WHERE max_id >= ? AND min_id <= ?`);
    this.#oldest = db.prepare(`
      SELECT first_key, acknowledged, changed_at FROM segments WHERE waiting = 0 ORDER BY changed_at, first_key LIMIT 1`);
    const remove = (table: string, column: string) => db.prepare(`DELETE FROM ${table} WHERE ${column} = ?`);
    this.#remove = [remove("segments", "first_key"), remove("segment_identities", "first_key")];
    this.#removeContent = [remove("segment_bodies", "first_key"), remove("leases", "segment")];
  }

  insert(packed: PackedEvents, firstKey: number, owner: number, firstSeq: number, now: number): void {
    const { count, minId, maxId, sums, identities, bodies } = packed;
    const states = new Uint8Array(count).fill(WAITING);
    this.#insert.run(firstKey, owner, firstSeq, count, now, minId, maxId, states, count);
    this.#insertIdentities.run(firstKey, JSON.stringify(sums), identities);
    this.#insertBodies.run(firstKey, bodies);
  }

  get isEmpty(): boolean {
    return this.#any.get() === undefined;
  }

  get(firstKey: number): Segment | undefined {
    const row = this.#get.get(firstKey);
    return row === undefined ? undefined : segment(row);
  }

  /**
   * Stores what became of a segment's events. One of which nothing waits loses all but the identities; one of which nothing is left
   * goes.
   * @param acknowledgedAt - when some were acknowledged just now
   */
  update(firstKey: number, states: Uint8Array, acknowledgedAt: number | null): void {
    let waiting = 0;
    let acknowledged = 0;
    for (const state of states) {
      if (state === ENDED) acknowledged++;
      else if (state !== ELSEWHERE) waiting++;
    }
    if (waiting + acknowledged === 0) {
      this.remove(firstKey);
      return;
    }
    this.#update.run(states, waiting, acknowledged, acknowledgedAt, firstKey);
    if (waiting === 0) for (const statement of this.#removeContent) statement.run(firstKey);
  }

  remove(firstKey: number): void {
    for (const statement of [...this.#remove, ...this.#removeContent]) statement.run(firstKey);
  }

  lease(firstKey: number, leases: readonly SegmentLease[]): void {
    const deliveries = leases.map(({ customer_id, attempts, firstSentAt, places }) => [
      customer_id,
      attempts,
      firstSentAt,
      places,
    ]);
    this.#insertLease.run({ segment: firstKey, deliveries: JSON.stringify(deliveries) });
  }

  /** In the order they were made. */
  leases(firstKey: number): readonly (SegmentLease | undefined)[] {
    return this.#leases.all(firstKey).flatMap((row) => {
      const value = parseJson(readText(row, "deliveries"));
      return Array.isArray(value) ? value.map(readLease) : [undefined];
    });
  }

  identities(firstKey: number): string {
    const row = this.#identities.get(firstKey);
    return row === undefined ? "" : readText(row, "identities");
  }

  sums(firstKey: number): readonly UsageSum[] {
    const row = this.#identities.get(firstKey);
    const value = row === undefined ? undefined : parseJson(readText(row, "sums"));
    return Array.isArray(value) ? value.filter(isSum) : [];
  }

  bodies(firstKey: number): string {
    const row = this.#bodies.get(firstKey);
    return row === undefined ? "" : readText(row, "bodies");
  }

  waitingOf(owner: number): readonly Segment[] {
    return this.#waitingOf.all(owner).map(segment);
  }

  /** Owners that are not live any more, and still have something waiting: a version that knows no segments took their rows over. */
  ownersGone(): readonly number[] {
    return this.#ownersGone.all().map((row) => readNumber(row, "owner"));
  }

  /** Those with events under keys after one. One at a time: nothing may be written meanwhile. */
  *waitingAfter(key: number): Generator<Segment> {
    for (const row of this.#waitingAfter.iterate(key + 1)) yield segment(row);
  }

  all(): readonly Segment[] {
    return this.#all.all().map(segment);
  }

  /** Those that may have an event of this id. */
  around(event_id: string): readonly Segment[] {
    return this.#around.all(event_id, event_id).map(segment);
  }

  /** Of those of which nothing waits, the one that ended first. */
  oldestEnded():
    | { readonly firstKey: number; readonly acknowledged: number; readonly at: number }
    | undefined {
    const row = this.#oldest.get();
    return row === undefined
      ? undefined
      : {
          firstKey: readNumber(row, "first_key"),
          acknowledged: readNumber(row, "acknowledged"),
          at: readNumber(row, "changed_at"),
        };
  }
}

const isSum = (value: unknown): value is UsageSum =>
  Array.isArray(value) &&
  typeof value[0] === "string" &&
  typeof value[1] === "string" &&
  [2, 3, 4].every((column) => typeof value[column] === "number");

const readLease = (value: unknown): SegmentLease | undefined => {
  if (!Array.isArray(value)) return undefined;
  const [customer_id, attempts, firstSentAt, places]: readonly unknown[] = value;
  const isSound =
    typeof customer_id === "string" &&
    typeof attempts === "number" &&
    typeof firstSentAt === "number" &&
    Array.isArray(places) &&
    places.every((place): place is number => typeof place === "number");
  return isSound ? { customer_id, attempts, firstSentAt, places } : undefined;
};
