/** Where time comes from: the system, or a test. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds since some moment, by a clock that nobody sets: what attempts are timed by.
   * @default `now`, as if it were never set back
   */
  steady?(): number;
  /** Calls back once after `delayMs`; the returned function cancels. */
  schedule(delayMs: number, callback: () => void, options?: ScheduleOptions): () => void;
}

export interface ScheduleOptions {
  /** Whether the process is to live until then: somebody awaits it. @default false */
  readonly holdProcess?: boolean;
}

const unref = (timer: unknown): void => {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function")
    timer.unref();
};

// Beyond this, `setTimeout` fires at once.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The system's clock and timers. A delay may be as long as one likes, also `Infinity`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  schedule: (delayMs, callback, { holdProcess = false } = {}) => {
    let cancel = () => {};
    const wait = (leftMs: number) => {
      const ms = Math.min(leftMs, LONGEST_TIMEOUT_MS);
      const handle = setTimeout(() => (leftMs > ms ? wait(leftMs - ms) : callback()), ms);
      cancel = () => clearTimeout(handle);
      if (!holdProcess) unref(handle);
    };
    wait(delayMs);
    return () => cancel();
  },
};
