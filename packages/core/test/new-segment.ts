import { contentMark } from "../src/event/content-mark.ts";
import { eventSize } from "../src/event/event-size.ts";
import { type UsageEvent, usageEvent } from "../src/event/usage-event.ts";
import type { NewSegment, OutboxChanges } from "../src/log/outbox/outbox.ts";
import { idList } from "../src/log/store/id-list.ts";
import { sumEvents } from "../src/log/sums/sums.ts";

export const NO_CHANGES: Omit<OutboxChanges, "now"> = {
  end: [],
  release: [],
  spill: [],
  append: [],
  lease: [],
  sessions: [],
};

/** An event whose id the caller gave. */
export const givenEvent = (event_id: string, fields: Partial<UsageEvent> = {}): UsageEvent =>
  usageEvent({
    event_id,
    tenant_id: "tenant",
    device_id: "device",
    meter_id: "page.processed.basic",
    type: "volume",
    event_time: 0,
    total_usage: 1,
    start_time: undefined,
    end_time: undefined,
    metadata: undefined,
    session_id: undefined,
    ...fields,
  });

/** Events with given ids, as an outbox takes them; tenants may differ. */
export const newSegment = (
  events: readonly UsageEvent[],
  { hold, now }: { readonly hold: boolean; readonly now: number },
): NewSegment => ({
  ...sumEvents(events),
  count: events.length,
  bytes: events.reduce((sum, event) => sum + eventSize(event), 0),
  lane: "live",
  tenant_id: "",
  body: events,
  ids: idList(events),
  given: events.map((event, index) => ({ index, mark: contentMark(event, true) })),
  ids_since: now,
  hold,
});
