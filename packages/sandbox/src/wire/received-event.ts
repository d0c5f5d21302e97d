/** One usage event as a client sent it, checked, in one shape for both dialects. Undefined means: not sent. */
export interface ReceivedEvent {
  /** Undefined behind `kafka-rest` when a plain client sent it: the customer then tells the tenant. */
  readonly tenant_id: string | undefined;
  readonly device_id: string | undefined;
  readonly customer_id: string;
  readonly meter_id: string;
  /** Undefined when a plain client sent it: such an event is counted as it comes. */
  readonly event_id: string | undefined;
  /** Milliseconds since the epoch, as all times here. */
  readonly event_time: number | undefined;
  readonly total_usage: number | undefined;
  readonly start_time: number | undefined;
  readonly end_time: number | undefined;
  readonly session_id: string | undefined;
  readonly producer: string | undefined;
  readonly seq: number | undefined;
  /** What makes it a correction of another event of its tenant. */
  readonly correction?: ReceivedCorrection | undefined;
  /** What the user sent beside the event, without our own `meter.` keys. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

export interface ReceivedCorrection {
  readonly event_id: string;
  /** 1, 2, 3 …; the highest counts. */
  readonly revision: number;
  /** Whether the event counts no more. */
  readonly cancels: boolean;
}
