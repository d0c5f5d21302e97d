import {
  describeValue,
  type EventIssue,
  type OutgoingEvent,
  type UsageEvent,
} from "@meter-lib/core/transport";
import { RESERVED_METADATA_PREFIX, usageRecordJson } from "@meter-lib/core/wire";
import type { Dialect, Part } from "./dialect.ts";
import { judgeKafkaRestAnswer } from "./judge-kafka-rest-answer.ts";

// The smallest limit among the servers is 1 MiB (Karapace's body, Kafka's max.request.size).
const MAX_BODY_BYTES = 1_000_000;
const MAX_UTF8_BYTES_PER_UNIT = 3;

const HEADERS = {
  accept: "*/*",
  // Without a charset, which Strimzi's Bridge refuses.
  "content-type": "application/vnd.kafka.json.v2+json",
};

/** The v2 API of Kafka REST servers: batches of records for one topic, with ids in each record's metadata unless `strictWire`. */
export const kafkaRestDialect = (topic: string, strictWire: boolean): Dialect => ({
  name: "kafka-rest",
  path: `/topics/${encodeURIComponent(topic)}`,
  limits: {
    maxBatchEvents: 500,
    maxBatchBytes: 512 * 1024,
    maxInFlight: 4,
  },
  maxAnswerBytes: 1024 * 1024,
  check: { event: (event) => (strictWire ? undefined : checkMetadata(event)) },
  encode: encodeRecords(usageRecordJson({ strictWire })),
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

const encodeRecords =
  (recordValue: (event: OutgoingEvent) => string) =>
  (events: readonly OutgoingEvent[]): Iterable<Part> => {
    const values = events.map(recordValue);
    const body = bodyOf(values);
    return fits(body) ? [{ events: events.length, headers: HEADERS, body }] : splitRecords(values);
  };

/** Concatenates instead of joining, so that strings are copied only once, when the body is sent. */
const bodyOf = (values: readonly string[]): string => {
  let body = '{"records":[';
  let start = '{"value":';
  for (const value of values) {
    body += start;
    body += value;
    start = '},{"value":';
  }
  return body + (values.length === 0 ? "]}" : "}]}");
};

const fits = (body: string): boolean =>
  body.length * MAX_UTF8_BYTES_PER_UNIT <= MAX_BODY_BYTES || byteLength(body) <= MAX_BODY_BYTES;

const encoder = new TextEncoder();
const byteLength = (text: string): number => encoder.encode(text).length;

const ENVELOPE_BYTES = bodyOf([]).length;
const RECORD_BYTES = '{"value":}'.length;

/** Puts as many records as fit into each body. Rejects a record that fits in none: a server would refuse the whole body. */
const splitRecords = function* (values: readonly string[]): Iterable<Part> {
  let fitting: string[] = [];
  let bytes = ENVELOPE_BYTES;
  const part = (): Part => ({ events: fitting.length, headers: HEADERS, body: bodyOf(fitting) });
  for (const value of values) {
    const size = RECORD_BYTES + byteLength(value) + 1;
    if (fitting.length > 0 && bytes + size > MAX_BODY_BYTES) {
      yield part();
      fitting = [];
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
      fitting.push(value);
      bytes += size;
    }
  }
  if (fitting.length > 0) yield part();
};
