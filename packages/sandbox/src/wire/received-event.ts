/** A checked usage event, in one shape for both dialects. Undefined fields were not sent. */
export interface ReceivedEvent {
  /** Undefined if a plain client sent it through `kafka-rest`: the tenant then follows from the customer. */
  readonly tenant_id: string | undefined;
  readonly device_id: string | undefined;
  readonly customer_id: string;
  readonly meter_id: string;
  /** Undefined if a plain client sent it: such an event is counted without deduplication. */
  readonly event_id: string | undefined;
  /** Milliseconds since the epoch, as all times here. */
  readonly event_time: number | undefined;
  readonly total_usage: number | undefined;
  readonly start_time: number | undefined;
  readonly end_time: number | undefined;
  readonly session_id: string | undefined;
  readonly producer: string | undefined;
  readonly seq: number | undefined;
  /** Set if it is a correction of another event of its tenant. */
  readonly correction?: ReceivedCorrection | undefined;
  /** The user's metadata, without the `meter.` keys of meter-lib. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

export interface ReceivedCorrection {
  readonly event_id: string;
  /** 1, 2, 3 …; the highest counts. */
  readonly revision: number;
  /** Whether the correction cancels the event. */
  readonly cancels: boolean;
}
