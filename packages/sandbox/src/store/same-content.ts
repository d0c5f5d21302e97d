import type { ReceivedEvent } from "../wire/received-event.ts";

const OUR_METADATA = "meter.";

const hasAllOf = (metadata: ReceivedEvent["metadata"], other: ReceivedEvent["metadata"]): boolean => {
  for (const key in other) {
    if (!key.startsWith(OUR_METADATA) && metadata?.[key] !== other[key]) return false;
  }
  return true;
};

/**
 * Whether two events of one identity say the same: then the second is a repeat, otherwise a conflict. The event's time is left
 * out: a caller who repeats an event without a time of its own sends the clock's, and the first one counts in any case.
 */
export const sameContent = (a: ReceivedEvent, b: ReceivedEvent): boolean =>
  a.customer_id === b.customer_id &&
  a.meter_id === b.meter_id &&
  a.device_id === b.device_id &&
  a.session_id === b.session_id &&
  a.total_usage === b.total_usage &&
  a.start_time === b.start_time &&
  a.end_time === b.end_time &&
  hasAllOf(a.metadata, b.metadata) &&
  hasAllOf(b.metadata, a.metadata);
