import type { PageEvent } from "@meter-lib/core/wire";

/**
 * Returns the correction for a page's times, in milliseconds: the difference between the relay's clock on arrival and the page's clock on
 * sending, or 0 if it is within the threshold.
 */
export const clockShift = (now: number, sent_at: number, thresholdMs: number): number => {
  const skew = now - sent_at;
  return Math.abs(skew) > thresholdMs ? skew : 0;
};

/** Returns the event with its times by the relay's clock. */
export const shifted = (event: PageEvent, shiftMs: number): PageEvent =>
  shiftMs === 0
    ? event
    : {
        ...event,
        event_time: event.event_time + shiftMs,
        start_time: event.start_time === undefined ? undefined : event.start_time + shiftMs,
        end_time: event.end_time === undefined ? undefined : event.end_time + shiftMs,
      };
