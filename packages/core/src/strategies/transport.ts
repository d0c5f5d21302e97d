import type { MeterType } from "../catalog/meter.ts";
import type { EventIssue } from "../check/event-issue.ts";
import type { OutgoingEvent, UsageEvent } from "../event/usage-event.ts";

/**
 * Carries events to a receiver and says, for each one, what became of it.
 *
 * Only `send` is required. It must not retry (the engine does), must not throw for what happens on the way
 * (a throw counts as "unsure" for the whole batch), and must settle soon after `signal` aborts.
 */
export interface Transport {
  /** For people: shown in errors and events. */
  readonly name: string;

  /** Sends a batch once. Never called with an empty batch, nor with more than the limits below. */
  send(batch: Batch, context: SendContext): Promise<SendAnswer>;

  /**
   * Whether the receiver drops a second event of the same `(tenant_id, event_id)`, and for how long.
   * Only then is an event with an unsure outcome sent again.
   * @default false
   */
  readonly dedup?: false | Dedup;
  /** Most events in one batch. @default 500 */
  readonly maxBatchEvents?: number;
  /** Most bytes in one batch, by the engine's count of UTF-8 bytes of the events' fields. @default 524288 */
  readonly maxBatchBytes?: number;
  /** Most batches on the way at once. @default 4 */
  readonly maxInFlight?: number;
  /**
   * How old an event may be at most, in milliseconds before now: the receiver has closed the books on older ones, so they are
   * refused when they are recorded. @default no limit
   */
  readonly maxEventAgeMs?: number;
  /** Whether ids travel as HTTP headers (see `check`). @default false */
  readonly headers?: boolean;
  /**
   * Whether a batch handed over is sent even when the page closes right after, if `send` starts it before it returns. With a
   * receiver that deduplicates, `sendNow()` may then send before the outbox knows of it.
   * @default false
   */
  readonly survivesPageClose?: boolean;

  /**
   * What this wire cannot carry, told before the event is accepted: an id that no header can hold, metadata where
   * the dialect has no place for it. Undefined when the event can travel.
   */
  check?(event: UsageEvent): EventIssue | undefined;

  /**
   * Why no event of a meter could travel, told when the client is made, which is then refused. Undefined when some can.
   */
  checkMeter?(meter: CarriedMeter): EventIssue | undefined;

  /**
   * For a transport made of transports: the one that will carry this event. The engine then keeps a queue, a breaker
   * and a pace for each of them, so that one failing destination does not hold up the others.
   */
  route?(event: UsageEvent): Transport;

  /** Called once when the receiver answers that the credentials are wrong (401, 403), before the destination is blocked. */
  refreshCredentials?(context: { readonly signal: AbortSignal }): Promise<void>;

  [Symbol.asyncDispose]?(): PromiseLike<void>;
}

/** A meter, as far as a transport has to know it. */
export interface CarriedMeter {
  readonly meter_id: string;
  readonly type: MeterType;
  /** Whether all of its events have metadata: the meter's schema takes none without. */
  readonly hasMetadata: boolean;
}

/** A receiver's promise to count an identity once. */
export interface Dedup {
  /** How long an identity is remembered, in milliseconds from its first arrival. */
  readonly windowMs: number;
  /** Names the memory: two transports of the same domain are deduplicated together. */
  readonly domain?: string;
}

export interface Batch {
  /** At least one. Made when they are asked for: a transport that asks once, and keeps none, costs least. */
  readonly events: readonly OutgoingEvent[];
}

export interface SendContext {
  /** Aborts at the deadline, or when the caller gives up. */
  readonly signal: AbortSignal;
  /** When the attempt must have ended, in milliseconds since the epoch. */
  readonly deadline: number;
}

/** What became of a batch: one outcome for all, one for each in order, or a fault of the destination that touched none of them. */
export type SendAnswer = OneOutcome | Outcomes | Faulted;

export interface OneOutcome {
  /** What became of every event. */
  readonly every: Outcome;
  readonly outcomes?: undefined;
  readonly fault?: undefined;
  /** The receiver's clock at the answer (its `Date` header), in milliseconds since the epoch. */
  readonly receiverTime?: number | undefined;
}

export interface Outcomes {
  /** As many as the batch has events, in the same order. */
  readonly outcomes: readonly Outcome[];
  readonly every?: undefined;
  readonly fault?: undefined;
  readonly receiverTime?: number | undefined;
}

export interface Faulted {
  readonly fault: DestinationFault;
  readonly every?: undefined;
  readonly outcomes?: undefined;
  readonly receiverTime?: number | undefined;
}

export type Outcome = Acknowledged | Retry | Rejected | Unsure;

/** The receiver has the event, now or already. */
export interface Acknowledged {
  readonly state: "acknowledged";
  /** The receiver said that it had the event already. */
  readonly duplicate?: boolean | undefined;
  /** The receiver's JSON answer, where it is about this one event. */
  readonly response?: unknown;
}

/** Certainly not processed; may be sent again. */
export interface Retry extends Answered {
  readonly state: "retry";
  readonly retryAfterMs?: number | undefined;
}

/** Certainly not processed, and never will be as it is. */
export interface Rejected extends Answered {
  readonly state: "rejected";
}

/** May have been processed: a lost answer, a timeout after sending, a 5xx, an answer that nobody expected. */
export interface Unsure extends Answered {
  readonly state: "unsure";
  /** The answer did not come in time. */
  readonly timeout?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}

export interface Answered {
  /** In words, for people. */
  readonly reason: string;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** The receiver's answer: parsed JSON, or text (cut at 4 KiB). */
  readonly body?: unknown;
}

/**
 * The destination's fault, or the batch's as a whole. No event of the batch was processed.
 * - `unavailable`: not reachable, or told us to come back later (429, 503 with Retry-After); tried again
 * - `blocked`: will not work until somebody acts (401, 403, 404, 405, 415, redirects, TLS); events are kept
 * - `too_large`: the batch is halved (413)
 * - `invalid`: the batch is bisected until the poison is alone (400, 422)
 */
export interface DestinationFault extends Answered {
  readonly kind: "unavailable" | "blocked" | "too_large" | "invalid";
  /** The receiver refused the credentials (401, 403). */
  readonly credentials?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}
