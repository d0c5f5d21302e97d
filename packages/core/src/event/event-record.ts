import type { Metadata, MeterType } from "../catalog/meter.ts";
import { fingerprint } from "./fingerprint.ts";
import type { OutgoingEvent, UsageEvent } from "./usage-event.ts";

/** Where a recorded event stands. `buffered`: not yet in an outbox. */
export type RecordState =
  | "buffered"
  | "pending"
  | "inflight"
  | "acknowledged"
  | "rejected"
  | "quarantined"
  | "discarded"
  | "lost"
  | "refused";

/** Which queue an event waits in: `live` goes first, `backfill` takes what room is left. */
export type Lane = "live" | "backfill";

/**
 * A usage event together with what delivery knows about it. One object for both, because a million of them may wait.
 * The fields of {@link UsageEvent} never change; the others belong to the delivery engine and the outbox.
 */
export class EventRecord implements OutgoingEvent {
  readonly event_id: string;
  readonly tenant_id: string;
  readonly device_id: string;
  readonly meter_id: string;
  readonly type: MeterType;
  readonly event_time: number;
  readonly total_usage: number | undefined;
  readonly start_time: number | undefined;
  readonly end_time: number | undefined;
  readonly metadata: Metadata | undefined;
  readonly session_id: string | undefined;

  /** Size in UTF-8 bytes of what the caller gave, with room for the wire's own words. */
  readonly bytes: number;
  /** Empty until the tenant's customer is known; then the same for ever. */
  customer_id = "";
  producer: string | undefined = undefined;
  seq: number | undefined = undefined;
  lane: Lane = "live";
  /** Whether its identity may have been recorded before; not when the id was made for it just now. */
  mayBeRepeat = true;
  state: RecordState = "buffered";
  /** When the outbox stored it, in milliseconds since the epoch; 0 before. */
  recordedAt = 0;
  /** The outbox's own key of the row; 0 before it is stored. */
  key = 0;
  /** Which flush waits for it; the engine's. */
  epoch = 0;
  /** How often it was handed to a transport. */
  attempts = 0;
  /** When it was first handed over in an attempt that may have been processed; undefined when certainly none was. */
  firstSentAt: number | undefined = undefined;

  #fingerprint: number | undefined;

  /** @param mark - the fingerprint; undefined: of an event whose time the caller did not give, worked out when it is asked for */
  constructor(event: UsageEvent, bytes: number, mark: number | undefined) {
    this.event_id = event.event_id;
    this.tenant_id = event.tenant_id;
    this.device_id = event.device_id;
    this.meter_id = event.meter_id;
    this.type = event.type;
    this.event_time = event.event_time;
    this.total_usage = event.total_usage;
    this.start_time = event.start_time;
    this.end_time = event.end_time;
    this.metadata = event.metadata;
    this.session_id = event.session_id;
    this.bytes = bytes;
    this.#fingerprint = mark;
  }

  /** Tells apart two events of one identity; see `fingerprint`. */
  get fingerprint(): number {
    this.#fingerprint ??= fingerprint(this, false);
    return this.#fingerprint;
  }
}
