import type { DestinationFault } from "../strategies/transport.ts";

const BASE_MS = 1_000;
const SHORTEST_RETRY_AFTER_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;
const RETRY_AFTER_JITTER = 0.2;
// Beyond this many doublings every cap is reached.
const MAX_DOUBLINGS = 30;
const BREAKER_FAILURES = 5;
/** So many single events refused in a row, with no success between, are the destination's fault and not the events'. */
const REFUSALS_THAT_BLOCK = 20;

/** A number from 0 to 1, as `Math.random`. */
export type Random = () => number;

/** How long to wait after the n-th failure in a row: `rand[½,1] · min(cap, 1 s · 2^(n−1))`, in milliseconds. */
export const backoffMs = (failures: number, capMs: number, random: Random): number =>
  (0.5 + random() / 2) * Math.min(capMs, BASE_MS * 2 ** Math.min(MAX_DOUBLINGS, Math.max(0, failures - 1)));

/** What a receiver asked for, kept within 1 s and 1 h (0 means now), plus up to 20 % so that not all come back at once. */
export const retryAfterFloorMs = (retryAfterMs: number | undefined, random: Random): number => {
  if (retryAfterMs === undefined || retryAfterMs <= 0) return 0;
  const clamped = Math.min(LONGEST_RETRY_AFTER_MS, Math.max(SHORTEST_RETRY_AFTER_MS, retryAfterMs));
  return clamped * (1 + random() * RETRY_AFTER_JITTER);
};

/** The longer of both. */
export const retryDelayMs = (
  failures: number,
  capMs: number,
  retryAfterMs: number | undefined,
  random: Random,
): number => Math.max(retryAfterFloorMs(retryAfterMs, random), backoffMs(failures, capMs, random));

/**
 * - `open`: takes batches
 * - `retrying`: failed lately; waits, then tries again
 * - `probing`: failed often (the breaker is open); one event at a time
 * - `blocked`: will not work until somebody acts; probed now and then
 */
export type DestinationState = "open" | "retrying" | "probing" | "blocked";

/** When a destination may be tried, and with how much. Times are steady. */
export class Breaker {
  readonly #maxInFlight: number;
  readonly #retryCapMs: number;
  readonly #random: Random;
  #failures = 0;
  #refusals = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #resumeAt = Number.NEGATIVE_INFINITY;
  #window: number;
  #fault: DestinationFault | undefined;
  #blockedBy: DestinationFault | undefined;
  #since: number | undefined;

  constructor(maxInFlight: number, retryCapMs: number, random: Random) {
    this.#maxInFlight = maxInFlight;
    this.#retryCapMs = retryCapMs;
    this.#random = random;
    this.#window = maxInFlight;
  }

  get state(): DestinationState {
    if (this.#blockedBy !== undefined) return "blocked";
    if (this.#failures >= BREAKER_FAILURES) return "probing";
    return this.#failures > 0 ? "retrying" : "open";
  }

  get blockedBy(): DestinationFault | undefined {
    return this.#blockedBy;
  }

  /** What it failed by last; undefined while it works. */
  get fault(): DestinationFault | undefined {
    return this.#blockedBy ?? this.#fault;
  }

  /** When the first of the failures in a row was. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Most batches on the way. */
  get window(): number {
    return this.#window;
  }

  /** Not to be tried before. */
  get resumeAt(): number {
    return this.#resumeAt;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Whether one event at a time is to find out if it works again. */
  get isProbing(): boolean {
    return this.#failures >= BREAKER_FAILURES;
  }

  /** It works. After an outage the pace doubles with each success: 1, 2, 4 … */
  succeeded(): void {
    this.#window =
      this.#failures > 0 || this.#blockedBy !== undefined ? 1 : Math.min(this.#maxInFlight, this.#window * 2);
    this.#failures = 0;
    this.#refusals = 0;
    this.#resumeAt = Number.NEGATIVE_INFINITY;
    this.#blockedBy = undefined;
    this.#fault = undefined;
    this.#since = undefined;
  }

  /** It failed. Several batches that were on the way together fail as one. */
  failed(startedAt: number, now: number, fault: DestinationFault): void {
    if (startedAt > this.#failedAt) {
      this.#failures++;
      this.#failedAt = now;
    }
    this.#fault = fault;
    this.#pause(now, fault.retryAfterMs);
  }

  block(fault: DestinationFault, now: number): void {
    this.#blockedBy = fault;
    this.#failures = Math.max(this.#failures + 1, BREAKER_FAILURES);
    this.#failedAt = now;
    this.#pause(now, fault.retryAfterMs);
  }

  /** Somebody acted: try at once. */
  retryNow(): void {
    this.#resumeAt = Number.NEGATIVE_INFINITY;
  }

  /** Counts an event that was refused alone; true when that is so many in a row that the destination is to blame. */
  refused(): boolean {
    this.#refusals++;
    return this.#refusals >= REFUSALS_THAT_BLOCK;
  }

  #pause(now: number, retryAfterMs: number | undefined): void {
    this.#since ??= now;
    const delay = retryDelayMs(this.#failures, this.#retryCapMs, retryAfterMs, this.#random);
    this.#resumeAt = Math.max(this.#resumeAt, now + delay);
    this.#window = 1;
  }
}
