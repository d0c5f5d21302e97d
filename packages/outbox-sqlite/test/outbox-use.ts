import {
  bodyText,
  type ClaimRequest,
  createEventId,
  eventSize,
  eventsOf,
  idList,
  type NewSegment,
  type Outbox,
  type OutboxChanges,
  type Span,
  sumEvents,
  type UsageEvent,
  usageEvent,
} from "@meter-lib/core/store";
import { contentMark } from "@meter-lib/core/wire";

const NO_CHANGES = { end: [], release: [], spill: [], append: [], lease: [], sessions: [] };

/** Commits some changes, at a time. */
export const commit = async (outbox: Outbox, changes: Partial<OutboxChanges>, now = Date.now()) =>
  outbox.commit({ ...NO_CHANGES, now, ...changes });

/** Events as a new segment, which the outbox holds. */
export const segmentOf = (events: readonly UsageEvent[], fields: Partial<NewSegment> = {}): NewSegment => ({
  ...sumEvents(events),
  count: events.length,
  bytes: bytesOf(events),
  lane: "live",
  tenant_id: events[0]?.tenant_id ?? "",
  body: bodyText(events),
  ids: idList(events),
  given: events.flatMap((event, index) =>
    event.event_id.length === 36 ? [] : [{ index, mark: contentMark(event, true) }],
  ),
  ids_since: Date.now() - 100,
  hold: true,
  ...fields,
});

/** Records events as one segment; returns where they are. */
export const append = async (
  outbox: Outbox,
  events: readonly UsageEvent[],
  now = Date.now(),
  ids_since = now - 100,
): Promise<Span> => {
  const { appended } = await commit(outbox, { append: [segmentOf(events, { ids_since })] }, now);
  return { segment: appended[0]?.segment ?? "", from: 0, to: events.length };
};

/** The end of events that are at a place. */
export const ended = (
  span: Span,
  events: readonly UsageEvent[],
  state: "acknowledged" | "rejected" | "quarantined" = "acknowledged",
) => {
  const those = events.slice(span.from, span.to);
  return { ...span, state, reason: "why", bytes: bytesOf(those), sums: sumEvents(those).sums };
};

/** Ids of all that can be claimed. */
export const claimIds = async (
  outbox: Outbox,
  request: Partial<ClaimRequest> = {},
): Promise<readonly string[]> => {
  const all = { now: Date.now(), maxEvents: 10_000, maxBytes: 1e9, skipTenants: [] };
  const { segments } = await outbox.claim({ ...all, ...request });
  return segments.flatMap(({ body, pieces }) =>
    pieces.flatMap(({ from, to }) =>
      eventsOf(body, to)
        .slice(from)
        .flatMap((each) => each?.event_id ?? []),
    ),
  );
};

/** An event whose id was given. */
export const event = (event_id: string, fields: Partial<UsageEvent> = {}): UsageEvent =>
  usageEvent({
    event_id,
    tenant_id: "tenant-1",
    device_id: "device-1",
    meter_id: "api_calls",
    type: "volume",
    event_time: 1_768_473_000_000,
    total_usage: 3,
    start_time: undefined,
    end_time: undefined,
    metadata: { region: "eu" },
    session_id: undefined,
    ...fields,
  });

export const events = (count: number, prefix = "event"): UsageEvent[] =>
  Array.from({ length: count }, (_, index) => event(`${prefix}-${index}`));

/** Events whose ids were made for them, as most are. */
export const newEvents = (count: number, fields: Partial<UsageEvent> = {}): UsageEvent[] =>
  Array.from({ length: count }, () => event(createEventId(Date.now()), fields));

const bytesOf = (events: readonly UsageEvent[]): number =>
  events.reduce((sum, each) => sum + eventSize(each), 0);
