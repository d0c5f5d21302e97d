import type { PageEvent } from "@meter-lib/core/wire";

/**
 * How far a page's times are to be moved, in milliseconds: by the difference between the relay's clock on arrival and the page's
 * on sending, if that is more than the time a request may take and a clock may be off.
 */
export const clockShift = (now: number, sent_at: number, thresholdMs: number): number => {
  const skew = now - sent_at;
  return Math.abs(skew) > thresholdMs ? skew : 0;
};

/** The event by the relay's clock. */
export const shifted = (event: PageEvent, shiftMs: number): PageEvent =>
  shiftMs === 0
    ? event
    : {
        ...event,
        event_time: event.event_time + shiftMs,
        start_time: event.start_time === undefined ? undefined : event.start_time + shiftMs,
        end_time: event.end_time === undefined ? undefined : event.end_time + shiftMs,
      };
