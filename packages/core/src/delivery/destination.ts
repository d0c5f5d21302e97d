import type { EventRecord } from "../event/event-record.ts";
import type { DestinationFault, Transport } from "../strategies/transport.ts";
import { backoffMs, type Random, retryAfterFloorMs } from "./backoff.ts";
import { FairQueue } from "./fair-queue.ts";

export interface DestinationLimits {
  /** Longest wait for a batch to fill, in milliseconds. */
  readonly lingerMs: number;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly maxInFlight: number;
  readonly retryCapMs: number;
}

/**
 * - `open`: takes batches
 * - `retrying`: failed lately; waits, then tries again
 * - `probing`: failed often (the breaker is open); one event at a time
 * - `blocked`: will not work until somebody acts; probed now and then
 */
export type DestinationState = "open" | "retrying" | "probing" | "blocked";

/** A destination as people see it. */
export interface DestinationStatus {
  readonly name: string;
  readonly state: DestinationState;
  readonly queued: number;
  readonly inFlight: number;
  /** Why it is blocked, in words. */
  readonly reason: string | undefined;
  /** HTTP status of the answer that blocked it, where there was one. */
  readonly status: number | undefined;
}

const BREAKER_FAILURES = 5;
/** So many single events refused in a row, with no success between, are the destination's fault and not the events'. */
const REFUSALS_THAT_BLOCK = 20;
// While live events wait too, every tenth batch is one of the backfill.
const BACKFILL_TURN = 10;

/** A receiver with its queue, its pace and its breaker. Decides what may leave, and when; sends nothing itself. */
export class Destination {
  readonly transport: Transport;
  readonly #limits: DestinationLimits;
  readonly #random: Random;
  readonly #live = new FairQueue();
  readonly #backfill = new FairQueue();
  /** Parts of a batch that was refused as a whole; they leave as they are, before everything else. */
  readonly #parts: (readonly EventRecord[])[] = [];
  /** Single events that wait for their own time. */
  readonly #delayed = new Map<EventRecord, number>();

  #inFlight = 0;
  #backfillInFlight = 0;
  #failures = 0;
  #refusals = 0;
  #failedAt = 0;
  #resumeAt = 0;
  #window: number;
  #maxBytes: number;
  #lingerUntil = 0;
  #turn = 0;
  #blockedBy: DestinationFault | undefined;
  #credentialsRefreshed = false;

  constructor(transport: Transport, limits: DestinationLimits, random: Random) {
    this.transport = transport;
    this.#limits = limits;
    this.#random = random;
    this.#window = limits.maxInFlight;
    this.#maxBytes = limits.maxBatchBytes;
  }

  get status(): DestinationStatus {
    return {
      name: this.transport.name,
      state: this.#state,
      queued:
        this.#live.size +
        this.#backfill.size +
        this.#delayed.size +
        this.#parts.reduce((sum, part) => sum + part.length, 0),
      inFlight: this.#inFlight,
      reason: this.#blockedBy?.reason,
      status: this.#blockedBy?.status,
    };
  }

  get blockedBy(): DestinationFault | undefined {
    return this.#blockedBy;
  }

  /** @param steady - asked only for the first of those that wait */
  enqueue(event: EventRecord, steady: () => number): void {
    if (this.#live.size + this.#backfill.size === 0) this.#lingerUntil = steady() + this.#limits.lingerMs;
    this.#queueOf(event).push(event);
  }

  /** Puts back what was taken and did not leave, or may leave again: it keeps its place. */
  putBack(events: readonly EventRecord[]): void {
    this.#live.putBack(events.filter((event) => event.lane === "live"));
    this.#backfill.putBack(events.filter((event) => event.lane === "backfill"));
  }

  /** One event waits by itself, for as long as it has failed often. */
  delay(event: EventRecord, now: number, retryAfterMs: number | undefined): void {
    const floor = retryAfterFloorMs(retryAfterMs, this.#random);
    this.#delayed.set(
      event,
      now + Math.max(floor, backoffMs(event.attempts, this.#limits.retryCapMs, this.#random)),
    );
  }

  /** The two halves of a batch leave next. */
  split(events: readonly EventRecord[]): void {
    const middle = Math.ceil(events.length / 2);
    // In front of other parts: single events are reached soon, and with them the judgement on who is to blame.
    this.#parts.unshift(events.slice(0, middle), events.slice(middle));
  }

  /** The batch that may leave now, if any; it counts as in flight from here on. */
  take(now: number, hurry: boolean): readonly EventRecord[] | undefined {
    if (now < this.#resumeAt || this.#inFlight >= this.#window) return undefined;
    this.#releaseDelayed(now);
    const part = this.#parts.shift();
    const batch = part ?? this.#nextBatch(now, hurry);
    if (batch.length === 0) return undefined;
    this.#inFlight++;
    if (isBackfill(batch)) this.#backfillInFlight++;
    return batch;
  }

  /** A batch that is to leave whatever else is on the way, if any waits. */
  takeNow(): readonly EventRecord[] | undefined {
    const { maxBatchEvents } = this.#limits;
    const queue = this.#live.size > 0 ? this.#live : this.#backfill;
    const batch = this.#parts.shift() ?? queue.take(maxBatchEvents, this.#maxBytes);
    if (batch.length === 0) return undefined;
    this.#inFlight++;
    if (isBackfill(batch)) this.#backfillInFlight++;
    return batch;
  }

  /** Whether it is to be left alone for a while. */
  isPaused(now: number): boolean {
    return now < this.#resumeAt;
  }

  /** The batch came back, with whatever outcome. */
  landed(batch: readonly EventRecord[]): void {
    this.#inFlight--;
    if (isBackfill(batch)) this.#backfillInFlight--;
  }

  /** When something may leave next; undefined when only an event from outside can change that. */
  wakeAt(): number | undefined {
    if (this.#inFlight >= this.#window) return undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const due of this.#delayed.values()) at = Math.min(at, due);
    if (this.#parts.length > 0) at = 0;
    // After a failure nothing waits for company, see `#nextBatch`.
    if (this.#live.size + this.#backfill.size > 0)
      at = Math.min(at, this.#failures > 0 ? this.#resumeAt : this.#lingerUntil);
    return at === Number.POSITIVE_INFINITY ? undefined : Math.max(at, this.#resumeAt);
  }

  /** The destination works. After an outage the pace doubles with each success: 1, 2, 4 … */
  succeeded(): void {
    if (this.#failures > 0 || this.#blockedBy !== undefined) this.#window = 1;
    else this.#window = Math.min(this.#limits.maxInFlight, this.#window * 2);
    this.#failures = 0;
    this.#refusals = 0;
    this.#resumeAt = 0;
    this.#blockedBy = undefined;
    this.#credentialsRefreshed = false;
    this.#maxBytes = Math.min(this.#limits.maxBatchBytes, Math.ceil(this.#maxBytes * 1.1));
  }

  /** The destination failed. Several batches that were on the way together fail as one. */
  failed(startedAt: number, now: number, retryAfterMs: number | undefined): void {
    if (startedAt > this.#failedAt) {
      this.#failures++;
      this.#failedAt = now;
    }
    this.#pause(now, retryAfterMs);
  }

  block(fault: DestinationFault, now: number): void {
    this.#blockedBy = fault;
    this.#failures = Math.max(this.#failures + 1, BREAKER_FAILURES);
    this.#failedAt = now;
    this.#pause(now, fault.retryAfterMs);
  }

  /** Somebody acted: try at once. */
  unblock(): void {
    this.#resumeAt = 0;
    this.#lingerUntil = 0;
  }

  /** Counts an event that was refused alone; true when that is so many in a row that the destination is to blame. */
  refused(): boolean {
    this.#refusals++;
    return this.#refusals >= REFUSALS_THAT_BLOCK;
  }

  /** Batches of this size are too large here. */
  tooLarge(batch: readonly EventRecord[]): void {
    const bytes = batch.reduce((sum, event) => sum + event.bytes, 0);
    this.#maxBytes = Math.max(1, Math.min(this.#maxBytes, Math.floor(bytes / 2)));
  }

  /** Has the transport fetch fresh credentials, once for each time they are refused; answers whether it did. */
  async refreshCredentials(signal: AbortSignal): Promise<boolean> {
    if (this.#credentialsRefreshed || this.transport.refreshCredentials === undefined) return false;
    this.#credentialsRefreshed = true;
    try {
      await this.transport.refreshCredentials({ signal });
      return true;
    } catch {
      return false;
    }
  }

  /** Everything that waits here, taken out. */
  drain(): readonly EventRecord[] {
    const all = [...this.#delayed.keys(), ...this.#parts.flat()];
    this.#delayed.clear();
    this.#parts.length = 0;
    for (const queue of [this.#live, this.#backfill]) {
      all.push(...queue.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY));
    }
    return all;
  }

  get #state(): DestinationState {
    if (this.#blockedBy !== undefined) return "blocked";
    if (this.#failures >= BREAKER_FAILURES) return "probing";
    return this.#failures > 0 ? "retrying" : "open";
  }

  #queueOf(event: EventRecord): FairQueue {
    return event.lane === "live" ? this.#live : this.#backfill;
  }

  #pause(now: number, retryAfterMs: number | undefined): void {
    const floor = retryAfterFloorMs(retryAfterMs, this.#random);
    const delay = Math.max(floor, backoffMs(this.#failures, this.#limits.retryCapMs, this.#random));
    this.#resumeAt = Math.max(this.#resumeAt, now + delay);
    this.#window = 1;
    // From here on single events probe; what was being taken apart waits with the others.
    if (this.#failures >= BREAKER_FAILURES) for (const part of this.#parts.splice(0)) this.putBack(part);
  }

  #releaseDelayed(now: number): void {
    for (const [event, due] of this.#delayed) {
      if (due > now) continue;
      this.#delayed.delete(event);
      this.#queueOf(event).putBack([event]);
      this.#lingerUntil = 0;
    }
  }

  #nextBatch(now: number, hurry: boolean): readonly EventRecord[] {
    const live = this.#live.size;
    const backfill = this.#backfill.size;
    const isProbe = this.#failures >= BREAKER_FAILURES;
    const max = isProbe ? 1 : this.#limits.maxBatchEvents;
    const isFull = live + backfill >= max || this.#live.bytes + this.#backfill.bytes >= this.#maxBytes;
    if (!isFull && !hurry && now < this.#lingerUntil && this.#failures === 0) return [];
    // What stays behind may wait for company again.
    this.#lingerUntil = now + this.#limits.lingerMs;
    if (live === 0) {
      // One slot stays free for live events.
      if (this.#backfillInFlight > 0 && this.#inFlight + 1 >= this.#limits.maxInFlight) return [];
      return this.#backfill.take(max, this.#maxBytes);
    }
    this.#turn++;
    if (backfill > 0 && this.#turn % BACKFILL_TURN === 0) return this.#backfill.take(max, this.#maxBytes);
    return this.#live.take(max, this.#maxBytes);
  }
}

const isBackfill = (batch: readonly EventRecord[]): boolean =>
  batch.every((event) => event.lane === "backfill");
