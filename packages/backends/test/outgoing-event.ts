import type { OutgoingEvent, SendAnswer, Transport } from "@meter-lib/core/transport";

/** When the tests take place. */
export const NOW = 1_768_473_600_000;

/** A volume event ready for the wire, but for the fields that a test says. */
export const outgoingEvent = (fields: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  event_id: "0198c2f0-0000-7000-8000-000000000001",
  tenant_id: "tenant_123",
  device_id: "us-east-ing1",
  meter_id: "page.processed.basic",
  type: "volume",
  event_time: NOW - 600_000,
  total_usage: 24,
  start_time: undefined,
  end_time: undefined,
  metadata: undefined,
  session_id: undefined,
  customer_id: "cus_001",
  producer: "producer-1",
  seq: 7,
  ...fields,
});

export const sendTo = (transport: Transport, ...events: readonly OutgoingEvent[]): Promise<SendAnswer> =>
  transport.send({ events }, { signal: AbortSignal.timeout(60_000), deadline: Date.now() + 60_000 });
