import { type OutgoingEvent, usageRecordValue } from "@meter-lib/core";

/** A record of the topic, as bytes. */
export interface KafkaRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

const EVENT_ID = Buffer.from("meter.event_id");
const TENANT_ID = Buffer.from("meter.tenant_id");
const DEVICE_ID = Buffer.from("meter.device_id");
const SESSION_ID = Buffer.from("meter.session_id");
const PRODUCER = Buffer.from("meter.producer");
const SEQ = Buffer.from("meter.seq");

/**
 * An event as a record: the customer is the key, so that one customer's events stay in order on one partition; the value is what
 * a Kafka REST server would have written, the user's metadata included; the ids travel as headers.
 */
export const kafkaRecord = (event: OutgoingEvent): KafkaRecord => {
  const headers = new Map([
    [EVENT_ID, Buffer.from(event.event_id)],
    [TENANT_ID, Buffer.from(event.tenant_id)],
    [DEVICE_ID, Buffer.from(event.device_id)],
  ]);
  if (event.session_id !== undefined) headers.set(SESSION_ID, Buffer.from(event.session_id));
  if (event.producer !== undefined) headers.set(PRODUCER, Buffer.from(event.producer));
  if (event.seq !== undefined) headers.set(SEQ, Buffer.from(String(event.seq)));
  return {
    key: Buffer.from(event.customer_id),
    // The ids are in the headers, so the value is the dialect's bare one.
    value: Buffer.from(JSON.stringify(usageRecordValue(event, { strictWire: true }))),
    headers,
  };
};
