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

/** A usage event ready for the wire. The same on every attempt, also after a restart. */
export interface OutgoingEvent extends UsageEvent {
  /** The customer who pays for the tenant. */
  readonly customer_id: string;
  /** Random id of the outbox that recorded the event; with `seq` a receiver can tell what is missing. */
  readonly producer: string | undefined;
  /** 1, 2, 3 … within `producer`. */
  readonly seq: number | undefined;
}
