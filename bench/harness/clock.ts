/** Milliseconds since the epoch, finer than `Date.now()`; processes of one machine agree on it. */
export const preciseNow = (): number => performance.timeOrigin + performance.now();
