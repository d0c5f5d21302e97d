import type { Clock } from "../../strategies/clock.ts";

/**
 * Measures time that never goes back. If the clock has no steady time of its own, uses the wall clock; when that is set back, it continues
 * from where it was, so that delays do not grow by hours.
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
