import { timeOfEventId } from "../../event/event-id.ts";
import { eventSize } from "../../event/event-size.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import {
  findIdentity,
  identityKey,
  type KnownIdentity,
  rememberIds,
  says,
} from "../identities/identities.ts";
import {
  type AppendException,
  type Appended,
  type EventIdentity,
  MAX_SEGMENT_EVENTS,
  type NewSegment,
} from "../outbox/outbox.ts";
import { idsIn } from "../store/id-list.ts";
import { padded } from "../store/keys.ts";
import { bodyOf, eventsOf } from "../store/segment-body.ts";
import type { OwnerRow, SegmentRow } from "../store/tables.ts";
import { eventsIn } from "../sums/hour-sums.ts";
import { cellAt, sumEvents } from "../sums/sums.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";

/** Stores a new segment, except events that are known already or find no room. Returns the owner with its new last number, too. */
export const append = async (
  log: LogTransaction,
  producer: string,
  owner: OwnerRow,
  given: NewSegment,
): Promise<{ readonly appended: Appended; readonly owner: OwnerRow }> => {
  if (given.count > MAX_SEGMENT_EVENTS)
    throw new RangeError(`a segment has at most ${MAX_SEGMENT_EVENTS} events`);
  const { meta } = log;
  const { segment, exceptions } = await withoutExceptions(log, producer, given, owner.last_seq + 1);
  const { count, bytes, lane, tenant_id, sums } = segment;
  const key = meta.next_key;
  const first_seq = owner.last_seq + 1;
  const appended = { segment: padded(key), key, first_seq, producer, exceptions };
  if (count === 0) return { appended, owner };
  meta.next_key += count;
  meta.pending_events += count;
  meta.pending_bytes += bytes;
  log.recorded(sums);
  const ids = rememberIds(log, key, producer, first_seq, segment);
  const meters = new Map<string, number>();
  for (const hour of sums) meters.set(hour.meter_id, (meters.get(hour.meter_id) ?? 0) + eventsIn(hour));
  const row: SegmentRow = {
    id: padded(key),
    ids,
    key,
    count,
    bytes,
    lane,
    tenant_id,
    meters: [...meters],
    producer,
    first_seq,
    recorded_at: log.now,
    owner: segment.hold ? producer : "",
    pieces: [{ from: 0, to: count, inflight: false, attempts: 0 }],
  };
  log.putSegment(row);
  log.tx.put("bodies", row.id, segment.body);
  log.index(row);
  if (!segment.hold && tenant_id === "") await log.cut(row, 0, count, { to: "waiting" });
  return { appended, owner: { ...owner, last_seq: owner.last_seq + count } };
};

interface Admitted {
  readonly segment: NewSegment;
  readonly exceptions: readonly AppendException[];
}

const withoutExceptions = async (
  log: LogTransaction,
  producer: string,
  segment: NewSegment,
  first_seq: number,
): Promise<Admitted> => {
  const { limits } = log.options;
  const { meta } = log;
  const hasRoom =
    meta.pending_events + segment.count <= limits.maxEvents &&
    meta.pending_bytes + segment.bytes <= limits.maxBytes;
  if (hasRoom && segment.given.length === 0) return { segment, exceptions: [] };
  const events = hasRoom ? undefined : eventsOf(segment.body, segment.count);
  const exceptions: AppendException[] = [];
  let room = limits.maxEvents - meta.pending_events;
  let roomBytes = limits.maxBytes - meta.pending_bytes;
  const ids = idsIn(segment.ids);
  const named = segment.given.map(({ index, mark }) => {
    const identity = { tenant_id: tenantOf(segment, index), event_id: ids[index] ?? "" };
    return { index, mark, identity, key: identityKey(identity) };
  });
  if (named.length > 1)
    await log.tx.prefetch?.(
      "identities",
      named.map(({ key }) => key),
    );
  let next = 0;
  for (let index = 0; index < segment.count; index++) {
    const given = named[next]?.index === index ? named[next++] : undefined;
    if (given !== undefined) {
      const found = findIdentity(log, given, given.mark);
      const known =
        (found === undefined ? undefined : await found) ?? findBefore(log, segment, ids, index, given);
      if (known !== undefined) {
        if (segment.again) await letGoOf(log, known.key);
        exceptions.push(
          known.isSame ? { index, state: "repeat", where: known.where } : { index, state: "conflict" },
        );
        continue;
      }
    }
    if (!hasRoom) {
      const event = events?.[index];
      const bytes = event === undefined ? 0 : eventSize(event);
      if (room < 1 || roomBytes < bytes) {
        exceptions.push({ index, state: "full" });
        continue;
      }
      room--;
      roomBytes -= bytes;
    }
    const place = index - exceptions.length;
    if (given !== undefined)
      log.tx.put("identities", given.key, {
        key: meta.next_key + place,
        producer,
        seq: first_seq + place,
        mark: given.mark,
      });
  }
  if (exceptions.length === 0) return { segment, exceptions };
  const left = new Set(exceptions.map(({ index }) => index));
  return { segment: withoutEvents(segment, left, log.options.bodies ?? "events"), exceptions };
};

const tenantOf = ({ sums, sum_of, tenant_id }: NewSegment, index: number): string =>
  cellAt(sums, sum_of, index)?.tenant_id ?? tenant_id;

/** The event of the same segment that an id was created for: the caller took the id from the receipt and used it again at once. */
const findBefore = (
  { meta }: LogTransaction,
  segment: NewSegment,
  ids: readonly string[],
  index: number,
  { identity: { tenant_id, event_id }, mark }: { readonly identity: EventIdentity; readonly mark: string },
): KnownIdentity | undefined => {
  if (timeOfEventId(event_id) === undefined) return undefined;
  const place = ids.indexOf(event_id);
  if (place >= index || tenantOf(segment, place) !== tenant_id) return undefined;
  const event = eventsOf(segment.body, segment.count)[place];
  return { where: "pending", key: meta.next_key + place, isSame: event !== undefined && says(event, mark) };
};

/** Removes events from a segment; the others move up. */
export const withoutEvents = (
  segment: NewSegment,
  left: ReadonlySet<number>,
  bodies: "events" | "text",
): NewSegment => {
  const places = new Map<number, number>();
  for (let index = 0; index < segment.count; index++) if (!left.has(index)) places.set(index, places.size);
  const all = eventsOf(segment.body, segment.count);
  const events = [...places.keys()].flatMap((index): readonly UsageEvent[] => {
    const event = all[index];
    return event === undefined ? [] : [event];
  });
  return {
    ...segment,
    ...sumEvents(events),
    count: events.length,
    bytes: events.reduce((sum, event) => sum + eventSize(event), 0),
    body: bodyOf(events, bodies),
    ids: events,
    given: segment.given.flatMap(({ index, mark }) => {
      const place = places.get(index);
      return place === undefined ? [] : [{ index: place, mark }];
    }),
  };
};

/** No owner knows of this segment, so no owner would send it: release it for the next claim. */
const letGoOf = async (log: LogTransaction, key: number): Promise<void> => {
  const row = await log.segmentOf(key);
  if (row === undefined || row.owner === "" || row.letter !== undefined) return;
  await log.cut(row, key - row.key, key - row.key + 1, { to: "waiting" });
};
