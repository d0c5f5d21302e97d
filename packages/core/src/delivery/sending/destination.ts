import type { Clock } from "../../strategies/clock.ts";
import type { DestinationFault, Transport } from "../../strategies/transport.ts";
import type { DeliveryOptions } from "../rules/delivery-options.ts";
import type { DestinationStatus } from "../rules/destination-status.ts";
import { Breaker, type DestinationChange, type Random, retryDelayMs } from "../rules/retry.ts";
import { bytesOf, type Slice, sizeOf } from "../segments/slice.ts";
import { SliceQueue } from "../segments/slice-queue.ts";
import { Attempts } from "./attempts.ts";

const DEFAULT_BATCH_EVENTS = 500;
const DEFAULT_BATCH_BYTES = 512 * 1024;
const DEFAULT_IN_FLIGHT = 4;
// While live events wait too, every tenth batch is backfill.
const BACKFILL_TURN = 10;

export interface DestinationOptions {
  readonly clock: Clock;
  readonly steady: () => number;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly lingerMs: number;
  readonly retryCapMs: number;
  readonly delivery: DeliveryOptions;
  readonly signal: AbortSignal;
}

/** A receiver with its queue, its pace and its breaker. Decides what may be sent, and when. Uses steady time. */
export class Destination {
  readonly transport: Transport;
  readonly breaker: Breaker;
  readonly attempts: Attempts;
  readonly #options: DestinationOptions;
  readonly #maxEvents: number;
  readonly #mostBytes: number;
  readonly #maxInFlight: number;
  readonly #live = new SliceQueue();
  readonly #backfill = new SliceQueue();
  /** Parts of a split batch; they are sent as they are, before everything else. */
  readonly #parts: (readonly Slice[])[] = [];
  /** Slices with a delay of their own. */
  #delayed: { readonly slice: Slice; readonly notBefore: number }[] = [];

  #inFlight = 0;
  #backfillInFlight = 0;
  #maxBytes: number;
  #lingerUntil = 0;
  #turn = 0;
  #credentialsRefreshed = false;

  constructor(transport: Transport, options: DestinationOptions) {
    const { delivery } = options;
    const {
      maxBatchEvents = DEFAULT_BATCH_EVENTS,
      maxBatchBytes = DEFAULT_BATCH_BYTES,
      maxInFlight = DEFAULT_IN_FLIGHT,
    } = transport.limits ?? {};
    this.transport = transport;
    this.#options = options;
    this.#maxEvents = Math.min(delivery.maxBatchEvents ?? DEFAULT_BATCH_EVENTS, maxBatchEvents);
    this.#mostBytes = Math.min(delivery.maxBatchBytes ?? DEFAULT_BATCH_BYTES, maxBatchBytes);
    this.#maxBytes = this.#mostBytes;
    this.#maxInFlight = delivery.maxInFlight ?? maxInFlight;
    this.breaker = new Breaker(this.#maxInFlight, options.retryCapMs, options.random);
    this.attempts = new Attempts(transport, options);
  }

  get status(): DestinationStatus {
    const { clock, steady } = this.#options;
    return {
      ...this.breaker.health((time) => Math.round(clock.now() + time - steady())),
      name: this.transport.name,
      queued:
        this.#live.size +
        this.#backfill.size +
        this.#delayed.reduce((sum, { slice }) => sum + slice.size, 0) +
        this.#parts.reduce((sum, part) => sum + sizeOf(part), 0),
      inFlight: this.#inFlight,
    };
  }

  /** Whether a batch may be sent while the page closes. */
  get isPageProof(): boolean {
    const { survivesPageClose = false, receiver } = this.transport;
    return survivesPageClose && Boolean(receiver?.dedup);
  }

  get isFull(): boolean {
    return this.#live.size + this.#backfill.size >= this.#maxEvents;
  }

  enqueue(slice: Slice): void {
    const { openedAt } = slice.segment;
    if (this.#live.size + this.#backfill.size === 0) this.#lingerUntil = openedAt + this.#options.lingerMs;
    this.#queueOf(slice).push(slice);
  }

  /** Puts back what was taken and not sent, or may be sent again; it keeps its place. */
  putBack(slices: readonly Slice[]): void {
    this.#live.putBack(slices.filter(({ segment }) => segment.lane === "live"));
    this.#backfill.putBack(slices.filter(({ segment }) => segment.lane === "backfill"));
  }

  /** Delays a slice by itself, depending on how often it failed. */
  delay(slice: Slice, now: number, retryAfterMs: number | undefined): void {
    const { retryCapMs, random } = this.#options;
    const notBefore = now + retryDelayMs(slice.attempts, retryCapMs, retryAfterMs, random);
    this.#delayed.push({ slice, notBefore });
  }

  /** Sends the two halves of a batch next. */
  split(slices: readonly Slice[]): void {
    // Before other parts, so that single events are reached soon, and with them the decision on who is to blame.
    this.#parts.unshift(...halves(slices));
  }

  /** Returns the batch that may be sent now, if any; it counts as in flight from here on. */
  take(now: number, hurry: boolean): readonly Slice[] | undefined {
    if (now < this.breaker.resumeAt || this.#inFlight >= this.breaker.window) return undefined;
    this.#releaseDelayed(now);
    return this.#launched(this.#parts.shift() ?? this.#nextBatch(now, hurry));
  }

  /** Returns a batch to send regardless of others in flight, if any waits. */
  takeNow(): readonly Slice[] | undefined {
    const queue = this.#live.size > 0 ? this.#live : this.#backfill;
    return this.#launched(this.#parts.shift() ?? queue.take(this.#maxEvents, this.#maxBytes));
  }

  #launched(batch: readonly Slice[]): readonly Slice[] | undefined {
    if (batch.length === 0) return undefined;
    this.#inFlight++;
    if (isBackfill(batch)) this.#backfillInFlight++;
    return batch;
  }

  /** The batch came back, with any outcome. */
  landed(batch: readonly Slice[]): void {
    this.#inFlight--;
    if (isBackfill(batch)) this.#backfillInFlight--;
  }

  /** When something may be sent next; undefined if that depends on an external event. */
  wakeAt(): number | undefined {
    if (this.#inFlight >= this.breaker.window) return undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const { notBefore } of this.#delayed) at = Math.min(at, notBefore);
    if (this.#parts.length > 0) at = Number.NEGATIVE_INFINITY;
    // After a failure, nothing waits for a batch to fill, see `#nextBatch`.
    if (this.#live.size + this.#backfill.size > 0)
      at = Math.min(at, this.breaker.isFailing ? this.breaker.resumeAt : this.#lingerUntil);
    return at === Number.POSITIVE_INFINITY ? undefined : Math.max(at, this.breaker.resumeAt);
  }

  succeeded(): DestinationChange | undefined {
    this.#credentialsRefreshed = false;
    this.#maxBytes = Math.min(this.#mostBytes, Math.ceil(this.#maxBytes * 1.1));
    return this.breaker.succeeded();
  }

  failed(startedAt: number, now: number, fault: DestinationFault): DestinationChange | undefined {
    const change = this.breaker.failed(startedAt, now, fault);
    this.#gatherParts();
    return change;
  }

  block(fault: DestinationFault, now: number): DestinationChange | undefined {
    const change = this.breaker.block(fault, now);
    this.#gatherParts();
    return change;
  }

  /** Somebody acted: try at once. */
  retryNow(): void {
    this.breaker.retryNow();
    this.#lingerUntil = Number.NEGATIVE_INFINITY;
  }

  /** Batches of this size are too large for the receiver. */
  tooLarge(batch: readonly Slice[]): void {
    this.#maxBytes = Math.max(1, Math.min(this.#maxBytes, Math.floor(bytesOf(batch) / 2)));
  }

  /** Lets the transport fetch fresh credentials, once per refusal; returns whether it did in time. */
  async refreshCredentials(): Promise<boolean> {
    const { transport } = this;
    const { clock, timeoutMs, signal } = this.#options;
    if (this.#credentialsRefreshed || transport.refreshCredentials === undefined) return false;
    this.#credentialsRefreshed = true;
    const late = Promise.withResolvers<boolean>();
    const abort = new AbortController();
    const giveUp = () => {
      abort.abort();
      late.resolve(false);
    };
    const cancel = clock.schedule(timeoutMs, giveUp, { holdProcess: true });
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const refreshed = transport.refreshCredentials({ signal: abort.signal }).then(() => true);
      return await Promise.race([refreshed, late.promise]);
    } catch {
      return false;
    } finally {
      cancel();
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Takes out everything that waits here. */
  drain(): readonly Slice[] {
    const all = [...this.#delayed.map(({ slice }) => slice), ...this.#parts.flat()];
    this.#delayed = [];
    this.#parts.length = 0;
    for (const queue of [this.#live, this.#backfill])
      all.push(...queue.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY));
    return all;
  }

  #queueOf(slice: Slice): SliceQueue {
    return slice.segment.lane === "live" ? this.#live : this.#backfill;
  }

  /** While single events probe the destination, split batches wait with the others. */
  #gatherParts(): void {
    if (this.breaker.isProbing) for (const part of this.#parts.splice(0)) this.putBack(part);
  }

  #releaseDelayed(now: number): void {
    if (this.#delayed.length === 0) return;
    const due = this.#delayed.filter(({ notBefore }) => notBefore <= now);
    if (due.length === 0) return;
    this.#delayed = this.#delayed.filter(({ notBefore }) => notBefore > now);
    this.putBack(due.map(({ slice }) => slice));
    this.#lingerUntil = Number.NEGATIVE_INFINITY;
  }

  #nextBatch(now: number, hurry: boolean): readonly Slice[] {
    const live = this.#live.size;
    const backfill = this.#backfill.size;
    if (live + backfill === 0) return [];
    const max = this.breaker.isProbing ? 1 : this.#maxEvents;
    const isFull = live + backfill >= max || this.#live.bytes + this.#backfill.bytes >= this.#maxBytes;
    if (!isFull && !hurry && now < this.#lingerUntil && !this.breaker.isFailing) return [];
    if (live === 0) {
      // Keep one slot free for live events.
      if (this.#backfillInFlight > 0 && this.#inFlight + 1 >= this.#maxInFlight) return [];
      return this.#taken(this.#backfill, max);
    }
    this.#turn++;
    const isBackfillTurn = backfill > 0 && this.#turn % BACKFILL_TURN === 0;
    return this.#taken(isBackfillTurn ? this.#backfill : this.#live, max);
  }

  #taken(queue: SliceQueue, maxEvents: number): readonly Slice[] {
    const batch = queue.take(maxEvents, this.#maxBytes);
    const last = batch.at(-1);
    // The rest may wait for a batch to fill, too; it came no earlier.
    if (last !== undefined) this.#lingerUntil = last.segment.openedAt + this.#options.lingerMs;
    return batch;
  }
}

/** Splits in the middle. */
const halves = (slices: readonly Slice[]): readonly (readonly Slice[])[] => {
  const middle = Math.ceil(sizeOf(slices) / 2);
  const first: Slice[] = [];
  const second: Slice[] = [];
  let events = 0;
  for (const slice of slices) {
    const room = middle - events;
    if (slice.size <= room) first.push(slice);
    else if (room <= 0) second.push(slice);
    else {
      const [head, rest] = slice.cut(slice.from + room);
      first.push(head);
      second.push(rest);
    }
    events += slice.size;
  }
  return [first, second];
};

const isBackfill = (batch: readonly Slice[]): boolean =>
  batch.every(({ segment }) => segment.lane === "backfill");
