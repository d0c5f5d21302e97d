import type { Metadata, MeterType } from "../catalog/meter.ts";
import { type Correction, isCorrectionOrNone } from "./correction.ts";

/**
 * One use of one meter by one tenant, checked and frozen. Its identity is `(tenant_id, event_id)`. Every field is always present, so that
 * all events have one shape.
 */
export interface UsageEvent {
  /** A UUIDv7 unless the caller gave one; at most 255 visible ASCII characters. */
  readonly event_id: string;
  readonly tenant_id: string;
  readonly device_id: string;
  readonly meter_id: string;
  readonly type: MeterType;
  /** When the usage took place, in milliseconds since the epoch. */
  readonly event_time: number;
  /** Units used; volume meters only. */
  readonly total_usage: number | undefined;
  /** Milliseconds since the epoch; performance meters only, at least one of the two. */
  readonly start_time: number | undefined;
  readonly end_time: number | undefined;
  readonly metadata: Metadata | undefined;
  /** Links the two boundaries of a session. */
  readonly session_id: string | undefined;
  /** Which event it corrects; undefined on all others. */
  readonly correction?: Correction | undefined;
}

export type EventContent = Omit<UsageEvent, "event_id" | "tenant_id" | "type" | "correction">;

/** A usage event with its customer. The same on every attempt, also after a restart. */
export interface OutgoingEvent extends UsageEvent {
  /** The customer who pays for the tenant. */
  readonly customer_id: string;
  /** Random id of the outbox that recorded the event; with `seq`, a backend can tell what is missing. */
  readonly producer: string | undefined;
  /** 1, 2, 3 … within `producer`. */
  readonly seq: number | undefined;
}

/** The queue of an event: `live` goes first, `backfill` uses the remaining capacity. */
export type Lane = "live" | "backfill";

type Needed = "event_id" | "tenant_id" | "device_id" | "meter_id" | "type" | "event_time";

/** Returns only the fields of the event, in one order. */
export const usageEvent = (event: Pick<UsageEvent, Needed> & Partial<Omit<UsageEvent, Needed>>): UsageEvent =>
  Object.freeze({
    event_id: event.event_id,
    tenant_id: event.tenant_id,
    device_id: event.device_id,
    meter_id: event.meter_id,
    type: event.type,
    event_time: event.event_time,
    total_usage: event.total_usage,
    start_time: event.start_time,
    end_time: event.end_time,
    metadata: event.metadata,
    session_id: event.session_id,
    correction: event.correction,
  });

/** An event as a list of its fields, without their names. Missing fields at the end are left out. */
export const eventFields = (event: UsageEvent): readonly unknown[] => {
  const fields = [
    event.event_id,
    event.tenant_id,
    event.device_id,
    event.meter_id,
    event.type,
    event.event_time,
    event.total_usage,
    event.start_time,
    event.end_time,
    event.metadata,
    event.session_id,
    event.correction,
  ];
  while (fields.at(-1) === undefined) fields.pop();
  return fields;
};

/** Reads a list that `eventFields` made, after JSON; returns undefined if it is malformed. The rules were checked when it was recorded. */
export const eventOfFields = (fields: unknown): UsageEvent | undefined => {
  if (!Array.isArray(fields)) return undefined;
  // JSON writes a missing field as null.
  const [event_id, tenant_id, device_id, meter_id, type, event_time, ...rest]: unknown[] = fields;
  const [total_usage, start_time, end_time, metadata, session_id, correction] = rest.map(
    (field) => field ?? undefined,
  );
  const event = {
    event_id,
    tenant_id,
    device_id,
    meter_id,
    type,
    event_time,
    total_usage,
    start_time,
    end_time,
    metadata,
    session_id,
    correction,
  };
  return isUsageEvent(event) ? usageEvent(event) : undefined;
};

/** An event as a caller gives it: its type follows from the meter. */
export const eventInput = (event: UsageEvent): Omit<UsageEvent, "type"> => ({
  event_id: event.event_id,
  tenant_id: event.tenant_id,
  device_id: event.device_id,
  meter_id: event.meter_id,
  event_time: event.event_time,
  total_usage: event.total_usage,
  start_time: event.start_time,
  end_time: event.end_time,
  metadata: event.metadata,
  session_id: event.session_id,
});

/** Combines an event with what it is sent with. Written out, because a spread would cost more than the rest of the work. */
export const outgoing = (
  event: UsageEvent,
  customer_id: string,
  producer: string | undefined,
  seq: number | undefined,
): OutgoingEvent => ({
  event_id: event.event_id,
  tenant_id: event.tenant_id,
  device_id: event.device_id,
  meter_id: event.meter_id,
  type: event.type,
  event_time: event.event_time,
  total_usage: event.total_usage,
  start_time: event.start_time,
  end_time: event.end_time,
  metadata: event.metadata,
  session_id: event.session_id,
  correction: event.correction,
  customer_id,
  producer,
  seq,
});

/** The content of an event in one order, without its identity. Outboxes store it in marks: never change it for existing events. */
export const contentOf = (
  { meter_id, device_id, total_usage, start_time, end_time, event_time, session_id, metadata }: EventContent,
  timeGiven: boolean,
): readonly unknown[] => [
  meter_id,
  device_id,
  total_usage,
  start_time,
  end_time,
  timeGiven ? event_time : null,
  session_id,
  ...(metadata === undefined
    ? []
    : Object.keys(metadata)
        .sort()
        .flatMap((key) => [key, metadata[key]])),
];

const isTextOrNone = (value: unknown): boolean => value === undefined || typeof value === "string";
const isNumberOrNone = (value: unknown): boolean => value === undefined || typeof value === "number";

/** Whether a value read from storage is an event; its rules were checked when it was recorded. */
export const isUsageEvent = (value: unknown): value is UsageEvent => {
  if (typeof value !== "object" || value === null) return false;
  const field = (name: keyof UsageEvent): unknown => Reflect.get(value, name);
  const metadata = field("metadata");
  return (
    typeof field("event_id") === "string" &&
    typeof field("tenant_id") === "string" &&
    typeof field("device_id") === "string" &&
    typeof field("meter_id") === "string" &&
    (field("type") === "volume" || field("type") === "performance") &&
    typeof field("event_time") === "number" &&
    isNumberOrNone(field("total_usage")) &&
    isNumberOrNone(field("start_time")) &&
    isNumberOrNone(field("end_time")) &&
    isTextOrNone(field("session_id")) &&
    isCorrectionOrNone(field("correction")) &&
    (metadata === undefined || (typeof metadata === "object" && metadata !== null))
  );
};
