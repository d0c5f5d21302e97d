import type { OutgoingEvent } from "@meter-lib/core/transport";
import { reservedMetadataIssue, usageRecordJson } from "@meter-lib/core/wire";
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
  check: { event: (event) => (strictWire ? undefined : reservedMetadataIssue(event)) },
  encode: encodeRecords(usageRecordJson({ strictWire, before: '{"value":', after: "}" })),
  judge: judgeKafkaRestAnswer,
});

const encodeRecords =
  (record: (event: OutgoingEvent) => string) =>
  (events: readonly OutgoingEvent[]): Iterable<Part> => {
    const records = events.map(record);
    const body = bodyOf(records);
    return fits(body) ? [{ events: events.length, headers: HEADERS, body }] : splitRecords(records);
  };

/** Concatenates instead of joining, so that strings are copied only once, when the body is sent. */
const bodyOf = (records: readonly string[]): string => {
  let body = '{"records":[';
  let separator = "";
  for (const record of records) {
    body += separator;
    body += record;
    separator = ",";
  }
  return `${body}]}`;
};

const fits = (body: string): boolean =>
  body.length * MAX_UTF8_BYTES_PER_UNIT <= MAX_BODY_BYTES || byteLength(body) <= MAX_BODY_BYTES;

const encoder = new TextEncoder();
const byteLength = (text: string): number => encoder.encode(text).length;

const ENVELOPE_BYTES = bodyOf([]).length;

/** Puts as many records as fit into each body. Rejects a record that fits in none: a server would refuse the whole body. */
const splitRecords = function* (records: readonly string[]): Iterable<Part> {
  let fitting: string[] = [];
  let bytes = ENVELOPE_BYTES;
  const part = (): Part => ({ events: fitting.length, headers: HEADERS, body: bodyOf(fitting) });
  for (const record of records) {
    const size = byteLength(record) + 1;
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
      fitting.push(record);
      bytes += size;
    }
  }
  if (fitting.length > 0) yield part();
};
