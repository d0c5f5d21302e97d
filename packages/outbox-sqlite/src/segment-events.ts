import { hourOf, INFLIGHT, PENDING } from "./events-table.ts";
import type { NewRow } from "./insert-row.ts";
import type { Identity } from "./packed-events.ts";
import { readIdentity, readLines } from "./segment-lines.ts";
import { type Segment, type SegmentLease, type SegmentTable, WAITING } from "./segment-table.ts";

/** The identities of a segment's events; undefined where the text is damaged. */
export const identitiesOf = (
  table: SegmentTable,
  { firstKey, count }: Segment,
): readonly (Identity | undefined)[] => readLines(table.identities(firstKey), count).map(readIdentity);

/**
 * The events of a segment that are not over, as the rows of `events` that they would be. One whose identity cannot be read gets one by
 * its key, in the account that misses it, and a body that no claim takes: it becomes a dead letter.
 */
export const waitingRows = (table: SegmentTable, segment: Segment): readonly NewRow[] => {
  const { firstKey, firstSeq, owner, count, recordedAt, states } = segment;
  const identities = identitiesOf(table, segment);
  const unread = new UnreadIdentities(table, segment, identities);
  const bodies = readLines(table.bodies(firstKey), count);
  const leases = leasesByPlace(table, segment);
  const rows: NewRow[] = [];
  for (let place = 0; place < count; place++) {
    if (states[place] !== WAITING) continue;
    const identity = identities[place];
    const [event_id, tenant_id, meter_id, usage_time, total_usage, bytes, fingerprint, lane] =
      identity ?? unread.next(firstKey + place);
    const lease = leases.get(place);
    rows.push({
      key: firstKey + place,
      event_id,
      tenant_id,
      meter_id,
      usage_time,
      total_usage,
      bytes,
      fingerprint,
      lane,
      producer: owner,
      seq: firstSeq + place,
      recorded_at: recordedAt,
      state: lease === undefined ? PENDING : INFLIGHT,
      holder: owner,
      customer_id: lease?.customer_id ?? "",
      attempts: lease?.attempts ?? 0,
      first_sent_at: lease?.firstSentAt ?? null,
      body: (identity === undefined ? undefined : bodies[place]) ?? "",
    });
  }
  return rows;
};

/** The last lease of each event that has one. One that cannot be read may have been of any: all stay in doubt. */
const leasesByPlace = (
  table: SegmentTable,
  { firstKey, count, recordedAt }: Segment,
): ReadonlyMap<number, SegmentLease> => {
  const byPlace = new Map<number, SegmentLease>();
  const leases = table.leases(firstKey);
  if (leases.includes(undefined)) {
    const unknown = { customer_id: "", attempts: 1, firstSentAt: recordedAt, places: [] };
    for (let place = 0; place < count; place++) byPlace.set(place, unknown);
  }
  for (const lease of leases) {
    for (const place of lease?.places ?? []) if (lease !== undefined) byPlace.set(place, lease);
  }
  return byPlace;
};

/** Stands in for identities that cannot be read: tenant, meter and hour are what the sums of the segment have left. */
class UnreadIdentities {
  readonly #left: [tenant_id: string, meter_id: string, hour: number][] = [];

  constructor(table: SegmentTable, { firstKey }: Segment, identities: readonly (Identity | undefined)[]) {
    if (!identities.includes(undefined)) return;
    const readable = new Map<string, number>();
    for (const identity of identities) {
      if (identity === undefined) continue;
      const name = JSON.stringify([identity[1], identity[2], hourOf(identity[3])]);
      readable.set(name, (readable.get(name) ?? 0) + 1);
    }
    for (const [tenant_id, meter_id, hour, events] of table.sums(firstKey)) {
      const read = readable.get(JSON.stringify([tenant_id, meter_id, hour])) ?? 0;
      for (let left = events - read; left > 0; left--) this.#left.push([tenant_id, meter_id, hour]);
    }
  }

  next(key: number): Identity {
    const [tenant_id, meter_id, hour] = this.#left.shift() ?? ["", "", 0];
    return [`unreadable-${key}`, tenant_id, meter_id, hour, null, 0, 0, 0];
  }
}
