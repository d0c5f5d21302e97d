import type { DatabaseSync } from "node:sqlite";
import { InsertRow } from "./insert-row.ts";
import type { PackedEvents, UsageSum } from "./packed-events.ts";
import { waitingRows } from "./segment-events.ts";
import {
  ELSEWHERE,
  ENDED,
  type Segment,
  type SegmentLease,
  type SegmentTable,
  WAITING,
} from "./segment-table.ts";
import type { DeliveryChange, Keys } from "./store-call.ts";
import type { Tally } from "./tally.ts";

/** A segment in which something is left this long after others of it were acknowledged is taken apart. */
const STRAGGLING_MS = 60_000;

/** What never changes of a segment that this owner recorded: an acknowledgement needs not read its events. */
interface OwnSegment {
  readonly firstKey: number;
  readonly count: number;
  readonly sums: readonly UsageSum[];
  readonly sumOf: Uint32Array;
  readonly bytes: Uint32Array;
  readonly usage: Float64Array;
  acknowledgedAt: number | undefined;
}

interface InSegments {
  readonly segments: ReadonlyMap<OwnSegment, number[]>;
  /** Keys of events that are in no segment. */
  readonly rows: number[];
}

/**
 * The segments whose events this owner holds. What a segment is made for, sending and acknowledging, is done on it; before anything
 * else becomes of an event, its segment is taken apart into rows.
 *
 * The file decides, always: another owner may have taken a segment that is still known here.
 */
export class OwnSegments {
  readonly #table: SegmentTable;
  readonly #rows: InsertRow;
  // By first key.
  #known: OwnSegment[] = [];
  // What the transaction under way makes of them, if it succeeds.
  #added: OwnSegment[] = [];
  readonly #over = new Set<OwnSegment>();

  constructor(db: DatabaseSync, table: SegmentTable) {
    this.#table = table;
    this.#rows = new InsertRow(db);
  }

  begin(): void {
    this.#added = [];
    this.#over.clear();
  }

  /** The transaction is done. */
  committed(): void {
    if (this.#over.size > 0) this.#known = this.#known.filter((segment) => !this.#over.has(segment));
    if (this.#added.length > 0) this.#known = [...this.#known, ...this.#added];
    this.begin();
  }

  append(packed: PackedEvents, owner: number, firstKey: number, firstSeq: number, now: number): void {
    this.#table.insert(packed, firstKey, owner, firstSeq, now);
    const { count, sums, sumOf, bytes, usage } = packed;
    this.#added.push({ firstKey, count, sums, sumOf, bytes, usage, acknowledgedAt: undefined });
  }

  /** Makes tombstones of events; answers the keys of those that are rows. */
  acknowledge(keys: Keys, now: number, tally: Tally): Keys {
    const { segments, rows } = this.#find(keys);
    for (const [own, places] of segments) {
      const segment = this.#stored(own);
      const ended: number[] = [];
      for (const place of places) {
        if (!this.#isWaiting(own, place, segment, rows) || segment === undefined) continue;
        segment.states[place] = ENDED;
        ended.push(place);
      }
      if (segment === undefined || ended.length === 0) continue;
      this.#table.update(own.firstKey, segment.states, now);
      countAcknowledged(own, ended, tally);
      own.acknowledgedAt = now;
      if (ended.length === segment.waiting) this.#over.add(own);
    }
    return rows;
  }

  /** Stores what is about to be sent. Answers how many events that were, and what is to be done to rows. */
  lease(
    changes: readonly DeliveryChange[],
    now: number,
  ): { readonly leased: number; readonly rows: readonly DeliveryChange[] } {
    const leases = new Map<OwnSegment, { readonly segment: Segment | undefined; leases: SegmentLease[] }>();
    const remaining: DeliveryChange[] = [];
    let leased = 0;
    for (const change of changes) {
      const { segments, rows } = this.#find(change.keys);
      for (const [own, all] of segments) {
        let known = leases.get(own);
        if (known === undefined) {
          known = { segment: this.#stored(own), leases: [] };
          leases.set(own, known);
        }
        const { segment } = known;
        const places = all.filter((place) => this.#isWaiting(own, place, segment, rows));
        if (places.length === 0) continue;
        const { customer_id, attempts, firstSentAt = now } = change;
        known.leases.push({ customer_id, attempts, firstSentAt, places });
        leased += places.length;
      }
      if (rows.length > 0) remaining.push({ ...change, keys: rows });
    }
    for (const [{ firstKey }, known] of leases) {
      if (known.leases.length > 0) this.#table.lease(firstKey, known.leases);
    }
    return { leased, rows: remaining };
  }

  /** Makes rows of all events that are in one segment with one of these. */
  takeApart(keys: Keys): void {
    for (const own of this.#find(keys).segments.keys()) this.#takeApart(own);
  }

  /** Makes rows of what is left of segments that have been almost over for long: it alone keeps them from being forgotten. */
  takeStragglersApart(now: number): void {
    for (const own of this.#known) {
      const since = own.acknowledgedAt;
      if (since !== undefined && since < now - STRAGGLING_MS && !this.#over.has(own)) this.#takeApart(own);
    }
  }

  /** Makes rows, held by nobody, of all that an owner has in segments. */
  letGo(owner: number): void {
    for (const segment of this.#table.waitingOf(owner)) this.#makeRows(segment, false);
  }

  /** The same for owners whose rows were taken over by a version that knows no segments. */
  letGoOfLeft(): void {
    for (const owner of this.#table.ownersGone()) this.letGo(owner);
  }

  #takeApart(own: OwnSegment): void {
    const segment = this.#stored(own);
    if (segment !== undefined) this.#makeRows(segment, true);
    this.#over.add(own);
  }

  #makeRows(segment: Segment, held: boolean): void {
    for (const waiting of waitingRows(this.#table, segment)) {
      const row = held ? waiting : { ...waiting, holder: null, state: 0 };
      // That somebody has this identity means that one of the two is damaged. It must not be in the way of the others.
      if (!this.#rows.insert(row))
        this.#rows.insert({ ...row, event_id: `${row.event_id}#${row.key}`, body: "" });
    }
    const states = segment.states.map((state) => (state === WAITING ? ELSEWHERE : state));
    this.#table.update(segment.firstKey, states, null);
  }

  /** The segment as the file has it, unless nothing of it waits any more. */
  #stored(own: OwnSegment): Segment | undefined {
    const segment = this.#table.get(own.firstKey);
    if (segment !== undefined && segment.waiting > 0) return segment;
    this.#over.add(own);
    return undefined;
  }

  /** Whether an event waits in its segment. If it is not in it any more, its key is put to those of rows. */
  #isWaiting(own: OwnSegment, place: number, segment: Segment | undefined, rows: number[]): boolean {
    const state = segment?.states[place] ?? ELSEWHERE;
    if (state === ELSEWHERE) rows.push(own.firstKey + place);
    return state === WAITING;
  }

  #find(keys: Keys): InSegments {
    const segments = new Map<OwnSegment, number[]>();
    const rows: number[] = [];
    let segment: OwnSegment | undefined;
    let places: number[] = rows;
    let from = 0;
    let to = 0;
    for (const key of keys) {
      if (key < from || key >= to) {
        segment = this.#at(key);
        if (segment === undefined) {
          rows.push(key);
          continue;
        }
        from = segment.firstKey;
        to = from + segment.count;
        places = segments.get(segment) ?? [];
        segments.set(segment, places);
      }
      places.push(key - from);
    }
    return { segments, rows };
  }

  /** The segment of a key. */
  #at(key: number): OwnSegment | undefined {
    let low = 0;
    let high = this.#known.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#known[middle]?.firstKey ?? 0) <= key) low = middle + 1;
      else high = middle;
    }
    const segment = this.#known[low - 1];
    return segment !== undefined && key < segment.firstKey + segment.count ? segment : undefined;
  }
}

const countAcknowledged = (own: OwnSegment, places: readonly number[], tally: Tally): void => {
  const events = new Uint32Array(own.sums.length);
  const usage = new Float64Array(own.sums.length);
  for (const place of places) {
    const sum = own.sumOf[place] ?? 0;
    events[sum] = (events[sum] ?? 0) + 1;
    usage[sum] = (usage[sum] ?? 0) + (own.usage[place] ?? 0);
    tally.pendingBytes -= own.bytes[place] ?? 0;
  }
  tally.pendingEvents -= places.length;
  tally.segmentTombstones += places.length;
  own.sums.forEach(([tenant_id, meter_id, hour], sum) => {
    const count = events[sum] ?? 0;
    if (count === 0) return;
    tally.count(meter_id, "pending", -count);
    tally.count(meter_id, "acknowledged", count);
    tally.acknowledged(tenant_id, meter_id, hour, count, usage[sum] ?? 0);
  });
};
