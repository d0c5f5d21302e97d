import type { OutgoingEvent } from "@meter-lib/core/transport";

/** A volume event ready for the wire, but for the fields that a test says. */
export const outgoingEvent = (fields: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  event_id: "01a2b3c4-0000-7000-8000-000000000001",
  tenant_id: "tenant_123",
  device_id: "us-east-ing1",
  meter_id: "page.processed.basic",
  type: "volume",
  event_time: 1_759_791_552_000,
  total_usage: 24,
  start_time: undefined,
  end_time: undefined,
  metadata: undefined,
  session_id: undefined,
  customer_id: "cust_001",
  producer: "producer-1",
  seq: 7,
  ...fields,
});
