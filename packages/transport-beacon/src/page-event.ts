import type { OutgoingEvent, PageEvent } from "@meter-lib/core";

/** What of an event leaves the page. */
export const pageEvent = ({
  event_id,
  meter_id,
  event_time,
  total_usage,
  start_time,
  end_time,
  metadata,
  session_id,
}: OutgoingEvent): PageEvent => ({
  event_id,
  meter_id,
  event_time,
  total_usage,
  start_time,
  end_time,
  metadata,
  session_id,
});
