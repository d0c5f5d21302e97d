const BASE_MS = 1_000;
const SHORTEST_RETRY_AFTER_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;
const RETRY_AFTER_JITTER = 0.2;
// Beyond this many doublings every cap is reached.
const MAX_DOUBLINGS = 30;

/** A number from 0 to 1, as `Math.random`. */
export type Random = () => number;

/** How long to wait after the n-th failure in a row: `rand[½,1] · min(cap, 1 s · 2^(n−1))`, in milliseconds. */
export const backoffMs = (failures: number, capMs: number, random: Random): number =>
  (0.5 + random() / 2) * Math.min(capMs, BASE_MS * 2 ** Math.min(MAX_DOUBLINGS, Math.max(0, failures - 1)));

/** What a receiver asked for, kept within 1 s and 1 h (0 means now), plus up to 20 % so that not all come back at once. */
export const retryAfterFloorMs = (retryAfterMs: number | undefined, random: Random): number => {
  if (retryAfterMs === undefined || retryAfterMs <= 0) return 0;
  const clamped = Math.min(LONGEST_RETRY_AFTER_MS, Math.max(SHORTEST_RETRY_AFTER_MS, retryAfterMs));
  return clamped * (1 + random() * RETRY_AFTER_JITTER);
};
