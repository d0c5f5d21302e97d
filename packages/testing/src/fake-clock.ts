import type { Clock } from "@meter-lib/core";

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /**
   * Moves time on by `ms`: runs the timers that fall due, in order, each at its own time, and lets promises settle before,
   * between and after them.
   */
  advance(ms: number): Promise<void>;
  /** Lets promises settle; time stands still. */
  settle(): Promise<void>;
  /** Sets the time of day, forward or back, as a person or NTP would. Timers keep their distance. */
  setTimeOfDay(now: number): void;
  /** Timers that wait. */
  readonly timers: readonly FakeTimer[];
}

export interface FakeTimer {
  /** Milliseconds from now. */
  readonly inMs: number;
  /** Whether the process would live until then. */
  readonly holdsProcess: boolean;
}

interface Timer {
  /** On the clock's own count, which no change of the time of day touches. */
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  readonly holdsProcess: boolean;
}

// Taken before a test puts fake timers in their place.
const { setTimeout } = globalThis;
const nextTask: (callback: () => void) => unknown =
  typeof setImmediate === "function" ? setImmediate : (callback) => setTimeout(callback, 0);

// All microtasks run before the next task; a second one lets tasks run that were started meanwhile.
const settle = async (): Promise<void> => {
  await new Promise<void>((resolve) => nextTask(resolve));
  await new Promise<void>((resolve) => nextTask(resolve));
};

/**
 * A clock for tests. Everything that waits for it happens at once and in order, so no test sleeps.
 *
 * @param start - milliseconds since the epoch; 2026-01-15, 10:30 UTC by default
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
