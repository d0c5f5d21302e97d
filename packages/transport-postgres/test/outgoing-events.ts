import { createEventId } from "@meter-lib/core/store";
import type { OutgoingEvent } from "@meter-lib/core/transport";

/** New events, as a transport gets them. */
export const outgoingEvents = (count: number, fields: Partial<OutgoingEvent> = {}): OutgoingEvent[] =>
  Array.from({ length: count }, () => ({
    event_id: createEventId(Date.now()),
    tenant_id: "tenant-1",
    device_id: "device-1",
    meter_id: "page.processed.basic",
    type: "volume",
    event_time: 1_768_473_000_000,
    total_usage: 3,
    start_time: undefined,
    end_time: undefined,
    metadata: undefined,
    session_id: undefined,
    customer_id: "customer-1",
    producer: undefined,
    seq: undefined,
    ...fields,
  }));
