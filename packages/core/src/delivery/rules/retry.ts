import type { DestinationFault } from "../../strategies/transport.ts";

const BASE_MS = 1_000;
const SHORTEST_RETRY_AFTER_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;
const RETRY_AFTER_JITTER = 0.2;
// Beyond this many doublings, every cap is reached.
const MAX_DOUBLINGS = 30;
const BREAKER_FAILURES = 5;
/** When this many single events in a row are refused, without a success in between, the destination is to blame. */
const REFUSALS_THAT_BLOCK = 20;

/** Returns a number from 0 to 1, like `Math.random`. */
export type Random = () => number;

/** Returns the delay after the n-th failure in a row: `rand[½,1] · min(cap, 1 s · 2^(n−1))`, in milliseconds. */
export const backoffMs = (failures: number, capMs: number, random: Random): number =>
  (0.5 + random() / 2) * Math.min(capMs, BASE_MS * 2 ** Math.min(MAX_DOUBLINGS, Math.max(0, failures - 1)));

/** Returns the delay that a receiver asked for, kept within 1 s and 1 h (0 means now), plus up to 20 % so that not all return at once. */
const retryAfterFloorMs = (retryAfterMs: number | undefined, random: Random): number => {
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
 * - `retrying`: failed recently; backs off, then tries again
 * - `probing`: failed often (the breaker is open); one event at a time
 * - `blocked`: does not work until somebody acts; probed from time to time
 */
export type DestinationState = "open" | "retrying" | "probing" | "blocked";

/** What is reported when the state of a destination changes. */
export type DestinationChange = "retrying" | "blocked" | "unblocked";

/** The state of a destination, with times in milliseconds since the epoch. */
export interface DestinationHealth {
  readonly state: DestinationState;
  /** Why it does not work, and the HTTP status of the failed response if there was one; undefined while it does. */
  readonly reason: string | undefined;
  readonly status: number | undefined;
  /** When it stopped working, and when it is tried next. */
  readonly since: number | undefined;
  readonly retryAt: number | undefined;
}

/** Decides when a destination may be tried, and with how much. Uses steady time. */
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

  /** Maximum number of batches in flight. */
  get window(): number {
    return this.#window;
  }

  /** Not tried before this time. */
  get resumeAt(): number {
    return this.#resumeAt;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Whether one event at a time tests if it works again. */
  get isProbing(): boolean {
    return this.#failures >= BREAKER_FAILURES;
  }

  /** @param wall - turns steady time into milliseconds since the epoch */
  health(wall: (steady: number) => number): DestinationHealth {
    const { state } = this;
    const fault = this.#blockedBy ?? this.#fault;
    return {
      state,
      reason: fault?.reason,
      status: fault?.status,
      since: this.#since === undefined ? undefined : wall(this.#since),
      retryAt: state === "open" || !Number.isFinite(this.#resumeAt) ? undefined : wall(this.#resumeAt),
    };
  }

  /** Success. After an outage, the pace doubles with each success: 1, 2, 4 … Returns what is to be reported, if anything. */
  succeeded(): DestinationChange | undefined {
    const change = this.#blockedBy === undefined ? undefined : "unblocked";
    this.#window =
      this.#failures > 0 || this.#blockedBy !== undefined ? 1 : Math.min(this.#maxInFlight, this.#window * 2);
    this.#failures = 0;
    this.#refusals = 0;
    this.#resumeAt = Number.NEGATIVE_INFINITY;
    this.#blockedBy = undefined;
    this.#fault = undefined;
    this.#since = undefined;
    return change;
  }

  /** Failure. Batches that were in flight together count as one failure. Returns what is to be reported, if anything. */
  failed(startedAt: number, now: number, fault: DestinationFault): DestinationChange | undefined {
    const change = this.state === "open" ? "retrying" : undefined;
    if (startedAt > this.#failedAt) {
      this.#failures++;
      this.#failedAt = now;
    }
    this.#fault = fault;
    this.#pause(now, fault.retryAfterMs);
    return change;
  }

  /** Returns what is to be reported, if anything. */
  block(fault: DestinationFault, now: number): DestinationChange | undefined {
    const change = this.#blockedBy === undefined ? "blocked" : undefined;
    this.#blockedBy = fault;
    this.#failures = Math.max(this.#failures + 1, BREAKER_FAILURES);
    this.#failedAt = now;
    this.#pause(now, fault.retryAfterMs);
    return change;
  }

  /** Somebody acted: try at once. */
  retryNow(): void {
    this.#resumeAt = Number.NEGATIVE_INFINITY;
  }

  /** Counts an event that was refused alone; returns true when there were so many in a row that the destination is to blame. */
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
