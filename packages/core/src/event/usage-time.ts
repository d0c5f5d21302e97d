import type { UsageEvent } from "./usage-event.ts";

/**
 * When the usage counts, in milliseconds since the epoch: the event's time, and for reported times the end of the work, else
 * its start. Those travel in every dialect, so that a backend puts the event into the same hour.
 */
export const usageTime = (event: Pick<UsageEvent, "event_time" | "start_time" | "end_time">): number =>
  event.end_time ?? event.start_time ?? event.event_time;
