import type { Metadata } from "../catalog/meter.ts";
import type { OutgoingEvent } from "../event/usage-event.ts";

/** Metadata keys that start so belong to meter-lib: its ids travel there, beside the user's metadata. */
export const RESERVED_METADATA_PREFIX = "meter.";

/** A volume event as the value of a Kafka record. Key order is the wire's. */
export interface VolumeRecord {
  readonly meter_id: string;
  readonly customer_id: string;
  readonly total_usage: number | undefined;
  /** Milliseconds since the epoch. */
  readonly event_time: number;
  readonly metadata: Metadata;
}

/** A performance event as the value of a Kafka record: it carries its own times, so no `event_time`. */
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
   * Send what meter-lib 0.1.0 for Python sends and nothing more. Otherwise the ids travel as metadata: `meter.event_id`,
   * `meter.tenant_id`, `meter.device_id`, `meter.session_id`, `meter.producer`, `meter.seq`.
   * @default false
   */
  readonly strictWire?: boolean;
}

const NO_METADATA: Metadata = Object.freeze({});

/**
 * An event as the value of a Kafka record, to be written with `JSON.stringify` (which leaves out the undefined fields).
 * It is an object and not text because one `JSON.stringify` of a whole batch is the fastest way to write it.
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
  return metadata;
};
