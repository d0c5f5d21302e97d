import type { MeterType } from "../catalog/meter.ts";
import type { EventIssue } from "../check/event-issue.ts";
import type { OutgoingEvent, UsageEvent } from "../event/usage-event.ts";

/**
 * Sends events to a receiver and returns an outcome for each.
 *
 * Only `send` is required. It must not retry (the engine does), must not throw for expected failures (a throw makes the whole batch
 * `unsure`), and must settle soon after `signal` aborts.
 */
export interface Transport {
  /** Shown in errors and events. */
  readonly name: string;

  /** Sends a batch once. Never called with an empty batch, or with more than `limits` allows. */
  send(batch: Batch, context: SendContext): Promise<SendAnswer>;

  /** How much may be sent at once. */
  readonly limits?: TransportLimits;

  /** What the receiver does with events. */
  readonly receiver?: Receiver;

  /** What the transport cannot carry, found before an event is accepted. */
  readonly check?: TransportCheck;

  /** Called once when the receiver refuses the credentials (401, 403), before the destination is blocked. */
  refreshCredentials?(context: { readonly signal: AbortSignal }): Promise<void>;

  /**
   * For a transport made of transports: returns the one that will carry this event. The engine keeps a queue, a breaker and a pace for
   * each, so that one failing destination does not delay the others.
   */
  route?(event: UsageEvent): Transport;

  /**
   * Whether a batch is sent even if the page closes right after `send` was called. If the receiver also deduplicates, `sendNow()` may send
   * before the outbox has stored the event.
   * @default false
   */
  readonly survivesPageClose?: boolean;

  [Symbol.asyncDispose]?(): PromiseLike<void>;
}

export interface TransportLimits {
  /** Maximum number of events in one batch. @default 500 */
  readonly maxBatchEvents?: number | undefined;
  /** Maximum size of one batch, in UTF-8 bytes of its events' fields. @default 524288 */
  readonly maxBatchBytes?: number | undefined;
  /** Maximum number of batches in flight. @default 4 */
  readonly maxInFlight?: number | undefined;
}

export interface Receiver {
  /**
   * Whether the receiver drops a second event of the same `(tenant_id, event_id)`, and for how long. Only then is an ambiguous event sent
   * again.
   * @default false
   */
  readonly dedup?: false | Dedup | undefined;
  /**
   * Which corrections the receiver carries out; an event that is one has a `correction`. All others are refused when they are asked for.
   * @default none
   */
  readonly corrections?: Corrections | undefined;
  /**
   * Maximum age of an event, in milliseconds before now. The receiver no longer accepts older events, so they are refused when they are
   * recorded.
   * @default no limit
   */
  readonly maxEventAgeMs?: number | undefined;
}

export interface TransportCheck {
  /**
   * Returns what cannot be carried of an event: an id that no header can hold, or metadata that the dialect has no place for. Undefined if
   * the event can be sent.
   */
  event?(event: UsageEvent): EventIssue | undefined;
  /** Returns why no event of a meter can be sent; the client is then refused when it is created. Undefined if some can. */
  meter?(meter: CarriedMeter): EventIssue | undefined;
}

/** What a transport needs to know about a meter. */
export interface CarriedMeter {
  readonly meter_id: string;
  readonly type: MeterType;
  /** Whether all events of the meter have metadata, because its schema requires some. */
  readonly hasMetadata: boolean;
}

/** A receiver's promise to count an identity once. */
export interface Dedup {
  /** How long an identity is remembered, in milliseconds from its first arrival. */
  readonly windowMs: number;
  /** Names the receiver's memory: two transports with the same domain are deduplicated together. */
  readonly domain?: string;
}

/** For how long after an event was recorded the receiver carries out a correction of it, in milliseconds; left out where it carries none out. */
export interface Corrections {
  readonly cancelMs?: number | undefined;
  /** Needs a receiver that keeps the highest revision of each identity, in whatever order they arrive. */
  readonly amendMs?: number | undefined;
}

export interface Batch {
  /** At least one. Built on access: read it once and do not keep it. */
  readonly events: readonly OutgoingEvent[];
}

export interface SendContext {
  /** Aborts at the deadline, or when the caller aborts. */
  readonly signal: AbortSignal;
  /** When the attempt must have ended, in milliseconds since the epoch. */
  readonly deadline: number;
}

/**
 * The result of an attempt: one outcome for all events, one for each in order, or a fault of the destination that affected none of them.
 */
export type SendAnswer = OneOutcome | Outcomes | Faulted;

export interface OneOutcome {
  /** The outcome of every event. */
  readonly every: Outcome;
  readonly outcomes?: undefined;
  readonly fault?: undefined;
  /** The receiver's clock when it responded (its `Date` header), in milliseconds since the epoch. */
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

/** The receiver has the event, from this attempt or an earlier one. */
export interface Acknowledged {
  readonly state: "acknowledged";
  /** Whether the receiver reported that it already had the event. */
  readonly duplicate?: boolean | undefined;
  /** The receiver's JSON response, if it is about this event alone. */
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

/** May have been processed: a lost response, a timeout after sending, a 5xx, an unexpected response. */
export interface Unsure extends Answered {
  readonly state: "unsure";
  /** Whether the response did not come in time. */
  readonly timeout?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}

export interface Answered {
  /** For people to read. */
  readonly reason: string;
  /** HTTP status, if there was one. */
  readonly status?: number | undefined;
  /** The receiver's response: parsed JSON, or text (truncated at 4 KiB). */
  readonly body?: unknown;
}

/**
 * A fault of the destination, or of the batch as a whole. No event of the batch was processed.
 * - `unavailable`: unreachable, or asked us to retry later (429, 503 with Retry-After); tried again
 * - `blocked`: does not work until somebody acts (401, 403, 404, 405, 415, redirects, TLS); events are kept
 * - `too_large`: the batch is split (413)
 * - `invalid`: the batch is split until the poison event is alone (400, 422)
 */
export interface DestinationFault extends Answered {
  readonly kind: "unavailable" | "blocked" | "too_large" | "invalid";
  /** The receiver refused the credentials (401, 403). */
  readonly credentials?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}
