/** The source of time: the system, or a test. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds since some moment, by a clock that is never set. Measures attempts and delays.
   * @default `now`, as if it were never set back
   */
  steady?(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, callback: () => void, options?: ScheduleOptions): () => void;
}

export interface ScheduleOptions {
  /** Whether the process stays alive until then. @default false */
  readonly holdProcess?: boolean;
}

const unref = (timer: unknown): void => {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function")
    timer.unref();
};

// Beyond this, `setTimeout` fires at once.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The system's clock and timers. A delay may have any length, including `Infinity`. */
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
