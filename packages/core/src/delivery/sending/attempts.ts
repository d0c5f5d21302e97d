import type { Clock } from "../../strategies/clock.ts";
import type { Batch, SendAnswer, Transport } from "../../strategies/transport.ts";
import { Attempt } from "./attempt.ts";

export interface AttemptsOptions {
  readonly clock: Clock;
  /** Time for waits; see `steadyTime`. */
  readonly steady: () => number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

// A result that arrived while the process was frozen is read within this time.
const AFTER_THAW_MS = 1_000;

/** The running attempts of one transport. */
export class Attempts {
  readonly #transport: Transport;
  readonly #options: AttemptsOptions;
  /** When each must be over, in steady time. */
  readonly #overAt = new Map<Attempt, number>();

  constructor(transport: Transport, options: AttemptsOptions) {
    this.#transport = transport;
    this.#options = options;
    const { signal } = options;
    signal.addEventListener("abort", () => {
      for (const attempt of this.#overAt.keys()) attempt.abort(signal.reason);
    });
  }

  async make(batch: Batch): Promise<SendAnswer> {
    const { signal, steady, timeoutMs } = this.#options;
    if (signal.aborted) return { fault: { kind: "unavailable", reason: "closed before it was sent" } };
    const attempt = new Attempt(this.#transport, this.#options);
    this.#overAt.set(attempt, steady() + timeoutMs);
    const answer = await attempt.make(batch);
    this.#overAt.delete(attempt);
    return answer;
  }

  /**
   * Ends attempts that should be over by now: the process was frozen (SIGSTOP, a suspended machine, serverless between two calls), and with
   * it its timers; the connections they wait for are gone.
   */
  giveUpOverdue(now: number): void {
    for (const [attempt, overAt] of this.#overAt) {
      // In order of their start: the rest has more time left.
      if (overAt >= now) return;
      this.#overAt.delete(attempt);
      this.#options.clock.schedule(AFTER_THAW_MS, () => attempt.timeOut());
    }
  }
}
