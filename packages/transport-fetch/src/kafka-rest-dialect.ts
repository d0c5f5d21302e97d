import {
  describeValue,
  type EventIssue,
  type OutgoingEvent,
  RESERVED_METADATA_PREFIX,
  type UsageEvent,
  usageRecordValue,
} from "@meter-lib/core";
import type { Dialect, Part } from "./dialect.ts";
import { judgeKafkaRestAnswer } from "./judge-kafka-rest-answer.ts";

// The smallest limit among the servers is 1 MiB (Karapace's body, Kafka's max.request.size).
const MAX_BODY_BYTES = 1_000_000;
const MAX_UTF8_BYTES_PER_UNIT = 3;

const HEADERS = {
  accept: "*/*",
  // Exactly so: Strimzi's Bridge refuses it with a charset.
  "content-type": "application/vnd.kafka.json.v2+json",
};

/** The v2 API of Kafka REST servers: batches of records for one topic, ids in each record's metadata unless `strictWire`. */
export const kafkaRestDialect = (topic: string, strictWire: boolean): Dialect => ({
  name: "kafka-rest",
  path: `/topics/${encodeURIComponent(topic)}`,
  maxBatchEvents: 500,
  maxBatchBytes: 512 * 1024,
  maxInFlight: 4,
  maxAnswerBytes: 1024 * 1024,
  headers: false,
  check: (event) => (strictWire ? undefined : checkMetadata(event)),
  encode: (events) => encodeRecords(events, strictWire),
  judge: judgeKafkaRestAnswer,
});

const checkMetadata = ({ metadata }: UsageEvent): EventIssue | undefined => {
  if (metadata === undefined) return undefined;
  const key = Object.keys(metadata).find((name) => name.startsWith(RESERVED_METADATA_PREFIX));
  if (key === undefined) return undefined;
  return {
    field: `metadata.${key}`,
    given: describeValue(key),
    expected: `a key without the prefix "${RESERVED_METADATA_PREFIX}", under which meter-lib sends its own ids`,
  };
};

const encodeRecords = (events: readonly OutgoingEvent[], strictWire: boolean): Iterable<Part> => {
  const records = events.map((event) => ({ value: usageRecordValue(event, { strictWire }) }));
  const body = JSON.stringify({ records });
  return fits(body) ? [{ events: events.length, headers: HEADERS, body }] : splitRecords(records);
};

const fits = (body: string): boolean =>
  body.length * MAX_UTF8_BYTES_PER_UNIT <= MAX_BODY_BYTES || byteLength(body) <= MAX_BODY_BYTES;

const encoder = new TextEncoder();
const byteLength = (text: string): number => encoder.encode(text).length;

const ENVELOPE_BYTES = '{"records":[]}'.length;

/** As many records in each body as fit; one that fits in none is rejected, because a server would refuse its neighbours too. */
const splitRecords = function* (records: readonly object[]): Iterable<Part> {
  let texts: string[] = [];
  let bytes = ENVELOPE_BYTES;
  const body = (): Part => ({
    events: texts.length,
    headers: HEADERS,
    body: `{"records":[${texts.join(",")}]}`,
  });
  for (const record of records) {
    const text = JSON.stringify(record);
    const size = byteLength(text) + 1;
    if (texts.length > 0 && bytes + size > MAX_BODY_BYTES) {
      yield body();
      texts = [];
      bytes = ENVELOPE_BYTES;
    }
    if (bytes + size > MAX_BODY_BYTES) {
      yield {
        rejected: {
          state: "rejected",
          reason: `the record takes ${size - 1} bytes; ${MAX_BODY_BYTES - ENVELOPE_BYTES - 1} fit in a request`,
        },
      };
    } else {
      texts.push(text);
      bytes += size;
    }
  }
  if (texts.length > 0) yield body();
};
