import type { Clock } from "@meter-lib/core";

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /**
   * Advances time by `ms`. Runs the timers that fall due, in order and each at its time, and lets promises settle before, between and
   * after them.
   */
  advance(ms: number): Promise<void>;
  /** Lets promises settle without advancing time. */
  settle(): Promise<void>;
  /** Sets the time of day forward or back, as a person or NTP would. Timers keep their remaining time. */
  setTimeOfDay(now: number): void;
  /** Pending timers. */
  readonly timers: readonly FakeTimer[];
}

export interface FakeTimer {
  /** Remaining time, in milliseconds. */
  readonly inMs: number;
  /** Whether the timer would keep the process alive. */
  readonly holdsProcess: boolean;
}

interface Timer {
  /** Due time on a monotonic count, which changes of the time of day do not affect. */
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  readonly holdsProcess: boolean;
}

// Captured before a test installs fake timers.
const { setTimeout } = globalThis;
const nextTask: (callback: () => void) => unknown =
  typeof setImmediate === "function" ? setImmediate : (callback) => setTimeout(callback, 0);

// All microtasks run before the next task; a second one lets tasks run that were started meanwhile.
const settle = async (): Promise<void> => {
  await new Promise<void>((resolve) => nextTask(resolve));
  await new Promise<void>((resolve) => nextTask(resolve));
};

/**
 * Creates a clock for tests. Timers run at once and in order when the test advances time, so no test needs to sleep.
 *
 * @param start - initial time in milliseconds since the epoch. Defaults to 2026-01-15, 10:30 UTC
 *
 * @example
 * ```ts
 * const clock = fakeClock();
 * const client = new MeterClient({ transport, customerLookup, clock });
 * client.record(event);
 * await clock.advance(1_000);
 * expect(transport).toHaveRecorded({ meter_id: "page.processed.basic" });
 * ```
 */
export const fakeClock = (start = Date.UTC(2026, 0, 15, 10, 30)): FakeClock => {
  let elapsed = 0;
  let epoch = start;
  let scheduled = 0;
  const timers = new Set<Timer>();

  const nextDue = (until: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.at > until) continue;
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
        next = timer;
    }
    return next;
  };

  return {
    now: () => epoch + elapsed,
    schedule: (delayMs, callback, { holdProcess = false } = {}) => {
      const timer = {
        at: elapsed + Math.max(0, delayMs),
        order: scheduled++,
        callback,
        holdsProcess: holdProcess,
      };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance: async (ms) => {
      const until = elapsed + ms;
      await settle();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.at);
        timer.callback();
        await settle();
      }
      elapsed = until;
    },
    settle,
    setTimeOfDay: (now) => {
      epoch = now - elapsed;
    },
    get timers() {
      return [...timers]
        .sort((a, b) => a.at - b.at || a.order - b.order)
        .map(({ at, holdsProcess }) => ({ inMs: at - elapsed, holdsProcess }));
    },
  };
};
