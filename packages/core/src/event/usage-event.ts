import type { Metadata, MeterType } from "../catalog/meter.ts";

/**
 * One use of one meter by one tenant, checked and frozen: what it says never changes again.
 * Its identity is `(tenant_id, event_id)`. Every field is always present, so that all events have one shape.
 */
export interface UsageEvent {
  /** UUIDv7 unless the caller gave one; visible ASCII, at most 255 characters. */
  readonly event_id: string;
  readonly tenant_id: string;
  readonly device_id: string;
  readonly meter_id: string;
  readonly type: MeterType;
  /** When it was used, in milliseconds since the epoch. */
  readonly event_time: number;
  /** Units used; only on volume meters. */
  readonly total_usage: number | undefined;
  /** Milliseconds since the epoch; only on performance meters, which have one of the two at least. */
  readonly start_time: number | undefined;
  readonly end_time: number | undefined;
  readonly metadata: Metadata | undefined;
  /** Ties the two boundaries of a session together. */
  readonly session_id: string | undefined;
}

export type EventContent = Omit<UsageEvent, "event_id" | "tenant_id" | "type">;

/** A usage event ready for the wire. The same on every attempt, also after a restart. */
export interface OutgoingEvent extends UsageEvent {
  /** The customer who pays for the tenant. */
  readonly customer_id: string;
  /** Random id of the outbox that recorded the event; with `seq` a receiver can tell what is missing. */
  readonly producer: string | undefined;
  /** 1, 2, 3 … within `producer`. */
  readonly seq: number | undefined;
}

/** Which queue an event waits in: `live` goes first, `backfill` takes what room is left. */
export type Lane = "live" | "backfill";

type Needed = "event_id" | "tenant_id" | "device_id" | "meter_id" | "type" | "event_time";

/** The event by itself: its fields and no others, in one order. */
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
  });

/** An event with what it travels with. Written out: a spread costs more than all else that is done to it here. */
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
  customer_id,
  producer,
  seq,
});

/** What an event says, in one order, without its identity. Kept in outboxes as a part of marks: never change it for events that exist. */
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

/** Whether something that was read back is an event; its rules were checked when it was recorded. */
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
    (metadata === undefined || (typeof metadata === "object" && metadata !== null))
  );
};
