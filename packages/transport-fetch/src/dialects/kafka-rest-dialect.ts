import type { OutgoingEvent } from "@meter-lib/core/transport";
import { reservedMetadataIssue, usageRecordJson } from "@meter-lib/core/wire";
import type { Dialect, Part } from "./dialect.ts";
import { judgeKafkaRestAnswer } from "./judge-kafka-rest-answer.ts";

// The smallest limit among the servers is 1 MiB (Karapace's body, Kafka's max.request.size).
const MAX_BODY_BYTES = 1_000_000;

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

const encodeRecords = (record: (event: OutgoingEvent) => string) => {
  // A guess from the batch before spares copies.
  let bytesPerRecord = 384;
  return function* (events: readonly OutgoingEvent[]): Iterable<Part> {
    let body = new RecordsBody(events.length * bytesPerRecord);
    for (const event of events) {
      const text = record(event);
      if (body.add(text)) continue;
      if (body.records > 0) {
        yield body.part();
        body = new RecordsBody(events.length * bytesPerRecord);
        if (body.add(text)) continue;
      }
      yield tooLarge(text);
    }
    if (body.records === 0) return;
    bytesPerRecord = Math.ceil(body.bytes / body.records) + SPARE_BYTES;
    yield body.part();
  };
};

const encoder = new TextEncoder();
const START = encoder.encode('{"records":[');
const [COMMA = 0] = encoder.encode(",");
const END = encoder.encode("]}");
const MAX_RECORDS_BYTES = MAX_BODY_BYTES - START.length - END.length;
const SPARE_BYTES = 16;

/** A server would refuse the whole body for one such record. */
const tooLarge = (record: string): Part => ({
  rejected: {
    state: "rejected",
    reason: `the record takes ${encoder.encode(record).length} bytes; ${MAX_RECORDS_BYTES} fit in a request`,
  },
});

/** A body, written record by record: the text of a whole batch would be copied twice, long after its pieces have left the cache. */
class RecordsBody {
  records = 0;
  #bytes: Uint8Array<ArrayBuffer>;
  #end = START.length;

  constructor(size: number) {
    this.#bytes = new Uint8Array(Math.min(size + START.length + END.length, MAX_BODY_BYTES));
    this.#bytes.set(START);
  }

  /** Written so far. */
  get bytes(): number {
    return this.#end;
  }

  /** Returns false, and leaves the body as it is, if the record does not fit. */
  add(record: string): boolean {
    const start = this.records === 0 ? this.#end : this.#end + 1;
    for (;;) {
      const { read, written } = encoder.encodeInto(record, this.#bytes.subarray(start, -END.length));
      if (read === record.length) {
        if (start > this.#end) this.#bytes[this.#end] = COMMA;
        this.#end = start + written;
        this.records++;
        return true;
      }
      if (this.#bytes.length === MAX_BODY_BYTES) return false;
      this.#grow(start + record.length);
    }
  }

  part(): Part {
    this.#bytes.set(END, this.#end);
    return {
      events: this.records,
      headers: HEADERS,
      body: this.#bytes.subarray(0, this.#end + END.length),
    };
  }

  #grow(least: number): void {
    const larger = new Uint8Array(Math.min(Math.max(least, this.#bytes.length) * 2, MAX_BODY_BYTES));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
