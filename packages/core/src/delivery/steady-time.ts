import type { Clock } from "../strategies/clock.ts";

/**
 * Time to measure waits by: it never goes back. When somebody sets the time of day back, it goes on from where it was, so
 * that nothing waits for the hours to pass again.
 */
export const steadyTime = (clock: Clock): (() => number) => {
  let last = Number.NEGATIVE_INFINITY;
  let ahead = 0;
  return () => {
    const now = clock.now();
    if (now + ahead < last) ahead = last - now;
    last = now + ahead;
    return last;
  };
};
