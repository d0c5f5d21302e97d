/** Where time comes from: the system, or a test. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `delayMs`; the returned function cancels. A timer must not keep a process alive. */
  schedule(delayMs: number, callback: () => void): () => void;
}

const unref = (timer: unknown): void => {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function")
    timer.unref();
};

/** The system's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    unref(timer);
    return () => clearTimeout(timer);
  },
};
