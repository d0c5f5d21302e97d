import type { UsageEvent } from "./usage-event.ts";

/**
 * Returns the time at which the usage counts, in milliseconds since the epoch: the event time of a volume event; the end of a performance
 * event, or else its start. Every dialect carries these, so each backend puts the event into the same hour.
 */
export const usageTime = (event: Pick<UsageEvent, "event_time" | "start_time" | "end_time">): number =>
  event.end_time ?? event.start_time ?? event.event_time;
