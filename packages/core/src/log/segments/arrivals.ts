import { contentMark } from "../../event/content-mark.ts";
import { timeOfEventId } from "../../event/event-id.ts";
import { eventSize } from "../../event/event-size.ts";
import { isUsageEvent, type Lane, type UsageEvent, usageEvent } from "../../event/usage-event.ts";
import { type GivenId, MAX_IDS_SPAN_MS, MAX_SEGMENT_EVENTS, type NewSegment } from "../outbox/outbox.ts";
import { bodyOf } from "../store/segment-body.ts";
import type { ArrivalRow, OwnerRow } from "../store/tables.ts";
import { hourOf, sumEvents } from "../sums/sums.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { append } from "./append.ts";

/** Maximum number taken in by a claim: twice what it returns, so that tenants are served in turns although arrivals are taken in order. */
const MOST_EVENTS = 4_000;
const CONFLICT = "its id was recorded before with different content";

/** Moves events that have arrived into the log, oldest first, as far as there is room. */
export const takeArrivals = async (
  log: LogTransaction,
  producer: string,
  before: OwnerRow,
): Promise<{ readonly owner: OwnerRow; readonly more: boolean }> => {
  const { meta, tx, options } = log;
  const { limits } = options;
  const most = Math.min(MOST_EVENTS, Math.max(1, limits.maxEvents - meta.pending_events));
  const rows = await tx.range("arrivals", { limit: most });
  if (rows.length === 0) return { owner: before, more: false };
  const gathering = new Gathering(options.bodies ?? "events", log.now);
  let more = rows.length === most;
  for (const [key, row] of rows) {
    const bytes = gathering.add(row);
    const hasRoom =
      meta.pending_events + gathering.events <= limits.maxEvents &&
      meta.pending_bytes + gathering.bytes <= limits.maxBytes;
    if (!hasRoom) {
      gathering.takeBack(bytes);
      more = true;
      break;
    }
    tx.delete("arrivals", key);
  }
  let owner = before;
  for (const segment of gathering.segments()) {
    const answer = await append(log, producer, owner, segment.segment);
    owner = answer.owner;
    for (const { index, state } of answer.appended.exceptions) {
      const event = segment.events[index];
      if (state === "conflict" && event !== undefined)
        owner = await buryConflict(log, producer, owner, segment.segment.lane, event);
    }
  }
  return { owner, more };
};

interface Gathered {
  readonly segment: NewSegment;
  readonly events: readonly UsageEvent[];
}

type Arrived = Omit<ArrivalRow, "lane"> & { readonly time: number };

/** Arrivals as segments: each of one tenant, free to be claimed. */
class Gathering {
  events = 0;
  bytes = 0;
  readonly #bodies: "events" | "text";
  readonly #now: number;
  readonly #groups = new Map<string, { readonly lane: Lane; readonly rows: Arrived[] }>();
  readonly #damaged: NewSegment[] = [];
  #last: { readonly pop: () => unknown } = [];

  constructor(bodies: "events" | "text", now: number) {
    this.#bodies = bodies;
    this.#now = now;
  }

  /** Returns its bytes. */
  add(row: ArrivalRow): number {
    const lane = row.lane === "backfill" ? "backfill" : "live";
    this.events++;
    if (!isUsageEvent(row.event)) {
      this.#damaged.push(damagedSegment(row.event, lane, this.#bodies, this.#now));
      this.#last = this.#damaged;
      return 0;
    }
    const event = usageEvent(row.event);
    const made = timeOfEventId(event.event_id);
    // An id that was not created here may be another event's, too.
    const mark = row.mark ?? (made === undefined ? contentMark(event, true) : undefined);
    const key = `${lane} ${event.tenant_id}`;
    const group = this.#groups.get(key) ?? { lane, rows: [] };
    this.#groups.set(key, group);
    group.rows.push({ event, mark, time: mark === undefined ? (made ?? this.#now) : this.#now });
    this.#last = group.rows;
    const bytes = eventSize(event);
    this.bytes += bytes;
    return bytes;
  }

  /** The one added last. */
  takeBack(bytes: number): void {
    this.#last.pop();
    this.events--;
    this.bytes -= bytes;
  }

  *segments(): Iterable<Gathered> {
    for (const segment of this.#damaged) yield { segment, events: [] };
    for (const { lane, rows } of this.#groups.values()) {
      rows.sort((a, b) => a.time - b.time);
      let from = 0;
      for (let i = 1; i <= rows.length; i++) {
        const isFull = i - from === MAX_SEGMENT_EVENTS;
        const isLate = (rows[i]?.time ?? 0) - (rows[from]?.time ?? 0) >= MAX_IDS_SPAN_MS;
        if (i < rows.length && !isFull && !isLate) continue;
        yield this.#segment(lane, rows.slice(from, i));
        from = i;
      }
    }
  }

  #segment(lane: Lane, rows: readonly Arrived[]): Gathered {
    const events = rows.map(({ event }) => event);
    const given = rows.flatMap(({ mark }, index): readonly GivenId[] =>
      mark === undefined ? [] : [{ index, mark }],
    );
    return { segment: segmentOf(lane, events, given, rows[0]?.time ?? this.#now, this.#bodies), events };
  }
}

const segmentOf = (
  lane: Lane,
  events: readonly UsageEvent[],
  given: readonly GivenId[],
  ids_since: number,
  bodies: "events" | "text",
): NewSegment => ({
  count: events.length,
  bytes: events.reduce((sum, event) => sum + eventSize(event), 0),
  lane,
  tenant_id: events[0]?.tenant_id ?? "",
  body: bodyOf(events, bodies),
  ...sumEvents(events),
  ids: events,
  given,
  ids_since,
  hold: false,
});

/** It was written by something that did not know how: it keeps its text, and becomes a dead letter like everything damaged. */
const damagedSegment = (value: unknown, lane: Lane, bodies: "events" | "text", now: number): NewSegment => {
  const field = (name: string): string => {
    const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
    return typeof found === "string" && found !== "" ? found : "unknown";
  };
  const tenant_id = field("tenant_id");
  const hour = hourOf({ event_time: now, start_time: undefined, end_time: undefined });
  return {
    count: 1,
    bytes: 0,
    lane,
    tenant_id,
    body: bodies === "text" ? `0 ${JSON.stringify(value)}\n` : [],
    sums: [{ meter_id: field("meter_id"), hour, tenants: [tenant_id], events: [1], usage: [0] }],
    ids: field("event_id"),
    given: [],
    ids_since: now,
    hold: false,
  };
};

/** Nobody is left to be told that it is refused. */
const buryConflict = async (
  log: LogTransaction,
  producer: string,
  before: OwnerRow,
  lane: Lane,
  event: UsageEvent,
): Promise<OwnerRow> => {
  const { meta, now, options } = log;
  const segment = segmentOf(lane, [event], [], now, options.bodies ?? "events");
  const { appended, owner } = await append(log, producer, before, segment);
  const row = await log.tx.get("segments", appended.segment);
  if (row === undefined) return owner;
  log.count(event.meter_id, "pending", -1);
  log.count(event.meter_id, "rejected", 1);
  meta.pending_events--;
  meta.pending_bytes -= segment.bytes;
  meta.letter_events++;
  meta.letter_bytes += segment.bytes;
  await log.cut(row, 0, 1, {
    to: "letters",
    letter: { state: "rejected", reason: CONFLICT, ended_at: now },
  });
  log.warnings.push(
    `event_id: ${JSON.stringify(event.event_id)} of tenant ${JSON.stringify(event.tenant_id)} came with a transaction, and ${CONFLICT}: it is a dead letter`,
  );
  return owner;
};
