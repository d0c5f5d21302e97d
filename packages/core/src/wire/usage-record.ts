import type { Metadata } from "../catalog/meter.ts";
import type { Correction } from "../event/correction.ts";
import type { OutgoingEvent } from "../event/usage-event.ts";

/** Metadata keys with this prefix are reserved for meter-lib: its ids are sent there, beside the user's metadata. */
export const RESERVED_METADATA_PREFIX = "meter.";

/** A volume event as the value of a Kafka record. Key order is part of the format. */
export interface VolumeRecord {
  readonly meter_id: string;
  readonly customer_id: string;
  readonly total_usage: number | undefined;
  /** Milliseconds since the epoch. */
  readonly event_time: number;
  readonly metadata: Metadata;
}

/** A performance event as the value of a Kafka record: it carries its own times, so it has no `event_time`. */
export interface PerformanceRecord {
  readonly ai_event: true;
  readonly meter_id: string;
  readonly customer_id: string;
  readonly metadata: Metadata;
  readonly start_time: number | undefined;
  readonly end_time: number | undefined;
}

export type UsageRecord = VolumeRecord | PerformanceRecord;

export interface UsageRecordOptions {
  /**
   * Send exactly what meter-lib 0.1.0 for Python sends. Otherwise the ids are added as metadata: `meter.event_id`,
   * `meter.tenant_id`, `meter.device_id`, `meter.session_id`, `meter.producer`, `meter.seq`; for a correction also `meter.corrects`,
   * `meter.revision`, `meter.cancelled` and `meter.reason`.
   * @default false
   */
  readonly strictWire?: boolean;
}

const NO_METADATA: Metadata = Object.freeze({});

/**
 * Returns an event as the value of a Kafka record, to be written with `JSON.stringify` (which leaves undefined fields out). It is an object
 * and not text, because one `JSON.stringify` of a whole batch is faster.
 */
export const usageRecordValue = (
  event: OutgoingEvent,
  { strictWire = false }: UsageRecordOptions = {},
): UsageRecord => {
  const { meter_id, customer_id } = event;
  const metadata = strictWire ? (event.metadata ?? NO_METADATA) : withIds(event);
  return event.type === "volume"
    ? { meter_id, customer_id, total_usage: event.total_usage, event_time: event.event_time, metadata }
    : {
        ai_event: true,
        meter_id,
        customer_id,
        metadata,
        start_time: event.start_time,
        end_time: event.end_time,
      };
};

const withIds = (event: OutgoingEvent): Metadata => {
  const metadata: Record<string, string> = {
    ...event.metadata,
    "meter.event_id": event.event_id,
    "meter.tenant_id": event.tenant_id,
    "meter.device_id": event.device_id,
  };
  if (event.session_id !== undefined) metadata["meter.session_id"] = event.session_id;
  if (event.producer !== undefined) metadata["meter.producer"] = event.producer;
  if (event.seq !== undefined) metadata["meter.seq"] = String(event.seq);
  return event.correction === undefined ? metadata : { ...metadata, ...correctionMetadata(event.correction) };
};

/** What tells a correction from an event that counts by itself. */
export const correctionMetadata = ({ event_id, revision, kind, reason }: Correction): Metadata => ({
  "meter.corrects": event_id,
  "meter.revision": String(revision),
  ...(kind === "cancel" ? { "meter.cancelled": "true" } : {}),
  "meter.reason": reason,
});

/**
 * Writes events as the JSON text of `usageRecordValue`, byte for byte the same, in less than half the time: it concatenates as few pieces
 * as possible.
 */
export const usageRecordJson = ({
  strictWire = false,
}: UsageRecordOptions = {}): ((event: OutgoingEvent) => string) => {
  // Consecutive events often share meter, customer, time, tenant and device: the shared part is written once, as one piece.
  const subject = rememberLast((meter_id, customer_id) => [
    `"meter_id":${quoted(meter_id)}`,
    `,"customer_id":${quoted(customer_id)}`,
  ]);
  const source = rememberLast((tenant_id, device_id, session_id, producer) => [
    `","meter.tenant_id":${quoted(tenant_id)},"meter.device_id":${quoted(device_id)}`,
    session_id === undefined ? "" : `,"meter.session_id":${quoted(session_id)}`,
    producer === undefined ? "" : `,"meter.producer":${quoted(producer)}`,
  ]);

  const metadataOf = (event: OutgoingEvent): string => {
    const given = event.metadata === undefined ? "{}" : JSON.stringify(event.metadata);
    if (strictWire) return given;
    const { event_id, tenant_id, device_id, session_id, producer, seq } = event;
    const start = given === "{}" ? '{"meter.event_id":"' : `${given.slice(0, -1)},"meter.event_id":"`;
    const number = seq === undefined ? "" : `,"meter.seq":"${seq}"`;
    const end =
      event.correction === undefined
        ? "}"
        : `,${JSON.stringify(correctionMetadata(event.correction)).slice(1)}`;
    return start + escaped(event_id) + source(tenant_id, device_id, session_id, producer) + number + end;
  };

  let lastTime = Number.NaN;
  let lastTimeText = "";
  const time = (event_time: number): string => {
    if (event_time !== lastTime) {
      lastTimeText = [`,"event_time":${event_time}`, ',"metadata":'].join("");
      lastTime = event_time;
    }
    return lastTimeText;
  };

  return (event) => {
    const { type, meter_id, customer_id, total_usage, start_time, end_time } = event;
    const who = subject(meter_id, customer_id);
    const metadata = metadataOf(event);
    if (type === "volume") {
      const usage = total_usage === undefined ? "" : `,"total_usage":${total_usage}`;
      return `{${who}${usage}${time(event.event_time)}${metadata}}`;
    }
    const start = start_time === undefined ? "" : `,"start_time":${start_time}`;
    const end = end_time === undefined ? "" : `,"end_time":${end_time}`;
    return `{"ai_event":true,${who},"metadata":${metadata}${start}${end}}`;
  };
};

/** An event id as it appears between the quotes of JSON; it is visible ASCII. */
const escaped = (id: string): string =>
  id.includes('"') || id.includes("\\") ? JSON.stringify(id).slice(1, -1) : id;

const PLAIN = /^[\w.:@-]*$/;

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

type Text = string | undefined;
/** `join` yields one flat string; `+` keeps all pieces, which is cheaper for what is used once. */
const rememberLast = (
  write: (a: string, b: string, c: Text, d: Text) => readonly string[],
): ((a: string, b: string, c?: Text, d?: Text) => string) => {
  let lastA: Text;
  let lastB: Text;
  let lastC: Text;
  let lastD: Text;
  let last = "";
  let pieces: readonly string[] | undefined;
  return (a, b, c, d) => {
    if (a !== lastA || b !== lastB || c !== lastC || d !== lastD) {
      pieces = write(a, b, c, d);
      last = pieces.reduce((text, piece) => text + piece, "");
      lastA = a;
      lastB = b;
      lastC = c;
      lastD = d;
    } else if (pieces !== undefined) {
      last = pieces.join("");
      pieces = undefined;
    }
    return last;
  };
};
