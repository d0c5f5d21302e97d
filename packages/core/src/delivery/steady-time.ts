import type { Clock } from "../strategies/clock.ts";

/**
 * Time to measure waits by: it never goes back. Of a clock without one of its own, it is the time of day; when somebody sets that back,
 * it goes on from where it was, so that nothing waits for the hours to pass again.
 */
export const steadyTime = (clock: Clock): (() => number) => {
  if (clock.steady !== undefined) return () => clock.steady?.() ?? clock.now();
  let last = Number.NEGATIVE_INFINITY;
  let ahead = 0;
  return () => {
    const now = clock.now();
    if (now + ahead < last) ahead = last - now;
    last = now + ahead;
    return last;
  };
};
