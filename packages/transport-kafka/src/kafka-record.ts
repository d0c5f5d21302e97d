import type { OutgoingEvent } from "@meter-lib/core/transport";
import { correctionMetadata, usageRecordJson } from "@meter-lib/core/wire";
import { hashOfKey } from "./hash-of-key.ts";

/** A record with its topic and partition, as the client takes it. */
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
 * Encodes events as records of a topic. The customer is the key, so that a customer's events stay in order on one partition. The value is
 * what a Kafka REST server would write, including the user's metadata. The ids are headers.
 */
export const kafkaRecords = (topic: string): ((event: OutgoingEvent, partitions: number) => KafkaRecord) => {
  // Ids are in the headers, so the value has none.
  const json = usageRecordJson({ strictWire: true });
  // Many events come from few customers, tenants and devices.
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
    if (event.correction !== undefined)
      for (const [name, text] of Object.entries(correctionMetadata(event.correction)))
        headers.set(known(name), Buffer.from(text));
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

/** Caches a function of a text. Clears the cache when it grows too large. */
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
