/** Where time comes from: the system, or a test. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
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

/** The system's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (delayMs, callback, { holdProcess = false } = {}) => {
    const timer = setTimeout(callback, delayMs);
    if (!holdProcess) unref(timer);
    return () => clearTimeout(timer);
  },
};
