import type { EventRecord } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type { SendAnswer, Transport } from "../strategies/transport.ts";
import { attempt } from "./attempt.ts";

export interface AttemptsOptions {
  readonly clock: Clock;
  /** Time for waits; see `steadyTime`. */
  readonly steady: () => number;
  readonly timeoutMs: number;
}

// An answer that came while the process was frozen is read within this time.
const AFTER_THAW_MS = 1_000;

/** The attempts of one transport that are under way. */
export class Attempts {
  readonly #transport: Transport;
  readonly #options: AttemptsOptions;
  readonly #signal: AbortSignal;
  /** When each is to be over, in steady time. */
  readonly #overAt = new Map<AbortController, number>();

  constructor(transport: Transport, options: AttemptsOptions, signal: AbortSignal) {
    this.#transport = transport;
    this.#options = options;
    this.#signal = signal;
  }

  async make(events: readonly EventRecord[]): Promise<SendAnswer> {
    if (this.#signal.aborted) return { fault: { kind: "unavailable", reason: "closed before it left" } };
    const { clock, steady, timeoutMs } = this.#options;
    const thawed = new AbortController();
    this.#overAt.set(thawed, steady() + timeoutMs);
    const answer = await attempt(this.#transport, events, {
      clock,
      timeoutMs,
      signal: this.#signal,
      thawed: thawed.signal,
    });
    this.#overAt.delete(thawed);
    return answer;
  }

  /**
   * Gives up what should be over by now: the process was frozen (SIGSTOP, a suspended machine, serverless between two calls), its timers
   * with it, and the connections they wait for are gone.
   */
  giveUpOverdue(now: number): void {
    for (const [thawed, overAt] of this.#overAt) {
      if (overAt >= now) continue;
      this.#overAt.delete(thawed);
      this.#options.clock.schedule(AFTER_THAW_MS, () => thawed.abort());
    }
  }
}
