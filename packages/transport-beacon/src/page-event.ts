import type { OutgoingEvent } from "@meter-lib/core/transport";
import type { PageEvent } from "@meter-lib/core/wire";

/** Returns the part of an event that is sent to the relay. */
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
