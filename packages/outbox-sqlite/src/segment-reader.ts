import type { LedgerId, LedgerKey, OutboxQuery } from "@meter-lib/core";
import { HOUR_MS, INFLIGHT, PENDING, stateName, stateNumber } from "./events-table.ts";
import type { NewRow } from "./insert-row.ts";
import { identitiesOf, waitingRows } from "./segment-events.ts";
import { ELSEWHERE, ENDED, type Segment, type SegmentTable, WAITING } from "./segment-table.ts";

/** An event that somebody looks for by its identity. */
export interface FoundEvent {
  readonly fingerprint: number;
  readonly where: ReturnType<typeof stateName>;
}

const MAX_REMEMBERED = 16;

/** Looks at events in segments, whosever they are. What has become a row is no longer in its segment. */
export class SegmentReader {
  readonly #table: SegmentTable;
  // Who looks for an identity mostly looks for others of the same time.
  readonly #places = new Map<number, ReadonlyMap<string, readonly [place: number, fingerprint: number]>>();

  constructor(table: SegmentTable) {
    this.#table = table;
  }

  get isEmpty(): boolean {
    return this.#table.isEmpty;
  }

  /** A transaction failed: its keys are given anew. */
  forget(): void {
    this.#places.clear();
  }

  find(tenant_id: string, event_id: string): FoundEvent | undefined {
    for (const segment of this.#table.around(event_id)) {
      const [place, fingerprint] = this.#placesIn(segment).get(identityText(tenant_id, event_id)) ?? [];
      if (place === undefined || fingerprint === undefined) continue;
      const state = segment.states[place];
      if (state === ENDED) return { fingerprint, where: "acknowledged" };
      if (state !== WAITING) continue;
      const row = waitingRows(this.#table, segment).find(({ key }) => key === segment.firstKey + place);
      return { fingerprint, where: stateName(row?.state ?? PENDING) };
    }
    return undefined;
  }

  /** Events that are not over, oldest first. */
  waiting({
    state,
    tenant_id,
    event_id,
    after = 0,
    limit = Number.POSITIVE_INFINITY,
  }: OutboxQuery): readonly NewRow[] {
    const wanted = state === undefined ? undefined : stateNumber(state);
    if (wanted !== undefined && wanted > INFLIGHT) return [];
    const rows: NewRow[] = [];
    for (const segment of this.#table.waitingAfter(after)) {
      for (const row of waitingRows(this.#table, segment)) {
        if (row.key <= after || (wanted !== undefined && row.state !== wanted)) continue;
        if (tenant_id !== undefined && row.tenant_id !== tenant_id) continue;
        if (event_id !== undefined && row.event_id !== event_id) continue;
        rows.push(row);
      }
      if (rows.length >= limit) break;
    }
    return rows;
  }

  /** The events of one line of the ledger, with their keys. */
  ids({ tenant_id, meter_id, hour }: LedgerKey): readonly (readonly [key: number, id: LedgerId])[] {
    const ids: [number, LedgerId][] = [];
    for (const segment of this.#table.all()) {
      const has = this.#table
        .sums(segment.firstKey)
        .some((sum) => sum[0] === tenant_id && sum[1] === meter_id && sum[2] === hour);
      if (!has) continue;
      const waiting =
        segment.waiting === 0
          ? new Map<number, number>()
          : new Map(waitingRows(this.#table, segment).map(({ key, state }) => [key, state]));
      for (const [place, identity] of identitiesOf(this.#table, segment).entries()) {
        const state = segment.states[place];
        if (identity === undefined || state === ELSEWHERE) continue;
        const [event_id, tenant, meter, usage_time] = identity;
        const isOfLine =
          tenant === tenant_id && meter === meter_id && usage_time >= hour && usage_time < hour + HOUR_MS;
        if (!isOfLine) continue;
        const key = segment.firstKey + place;
        ids.push([
          key,
          { event_id, state: state === ENDED ? "acknowledged" : stateName(waiting.get(key) ?? PENDING) },
        ]);
      }
    }
    return ids;
  }

  /** Numbers of events that are not over, by owner, ascending. */
  waitingNumbers(): ReadonlyMap<number, readonly number[]> {
    const numbers = new Map<number, number[]>();
    for (const { owner, firstSeq, states } of this.#table.waitingAfter(0)) {
      const ofOwner = numbers.get(owner) ?? [];
      numbers.set(owner, ofOwner);
      states.forEach((state, place) => {
        if (state === WAITING) ofOwner.push(firstSeq + place);
      });
    }
    return numbers;
  }

  #placesIn(segment: Segment): ReadonlyMap<string, readonly [place: number, fingerprint: number]> {
    const { firstKey } = segment;
    const known = this.#places.get(firstKey);
    if (known !== undefined) return known;
    const places = new Map<string, [number, number]>();
    for (const [place, identity] of identitiesOf(this.#table, segment).entries()) {
      if (identity !== undefined) places.set(identityText(identity[1], identity[0]), [place, identity[6]]);
    }
    const [oldest] = this.#places.keys();
    if (oldest !== undefined && this.#places.size >= MAX_REMEMBERED) this.#places.delete(oldest);
    this.#places.set(firstKey, places);
    return places;
  }
}

const identityText = (tenant_id: string, event_id: string): string =>
  `${event_id.length} ${event_id}${tenant_id}`;
