import type { OutgoingEvent } from "@meter-lib/core/transport";
import { usageRecordJson } from "@meter-lib/core/wire";
import { hashOfKey } from "./hash-of-key.ts";

/** A record and its place: what the client takes as a message. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
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
 * Writes events as records of a topic: the customer is the key, so that one customer's events stay in order on one partition; the
 * value is what a Kafka REST server would have written, the user's metadata included; the ids travel as headers.
 */
export const kafkaRecords = (topic: string): ((event: OutgoingEvent, partitions: number) => KafkaRecord) => {
  // The ids are in the headers, so the value is the dialect's bare one.
  const json = usageRecordJson({ strictWire: true });
  // Few customers, tenants and devices make many events.
  const known = remembered((text) => Buffer.from(text));
  const keyOf = remembered((customer) => {
    const bytes = Buffer.from(customer);
    return { bytes, hash: hashOfKey(bytes) };
  });

  return (event, partitions) => {
    const key = keyOf(event.customer_id);
    const headers = new Map([
      [EVENT_ID, Buffer.from(event.event_id)],
      [TENANT_ID, known(event.tenant_id)],
      [DEVICE_ID, known(event.device_id)],
    ]);
    if (event.session_id !== undefined) headers.set(SESSION_ID, Buffer.from(event.session_id));
    if (event.producer !== undefined) headers.set(PRODUCER, known(event.producer));
    if (event.seq !== undefined) headers.set(SEQ, Buffer.from(String(event.seq)));
    return {
      topic,
      // https://kafka.apache.org/documentation/#producerconfigs_partitioner.class
      partition: key.hash % partitions,
      key: key.bytes,
      value: Buffer.from(json(event)),
      headers,
    };
  };
};

const MOST = 10_000;

/** Works a text out once; when there are very many, it begins anew. */
const remembered = <T>(work: (text: string) => T): ((text: string) => T) => {
  const done = new Map<string, T>();
  return (text) => {
    let result = done.get(text);
    if (result === undefined) {
      if (done.size === MOST) done.clear();
      result = work(text);
      done.set(text, result);
    }
    return result;
  };
};
