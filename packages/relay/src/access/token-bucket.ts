import { MeterError } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import type { RateLimit } from "./rate-limit.ts";

export interface TokenBucketOptions {
  /** Maximum amount at once. */
  readonly capacity: number;
  /** Amount per second in the long run. */
  readonly perSecond: number;
  /** Maximum number of keys; the least recently used one is dropped, and starts again with a full bucket. @default 10_000 */
  readonly maxKeys?: number;
}

interface Bucket {
  level: number;
  at: number;
}

/**
 * A rate limit in the memory of this process: a bucket of `capacity` tokens for each key, refilled at `perSecond`. A cost above
 * the capacity takes all of it.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const relay = createRelay({ rate: { device: tokenBucket({ capacity: 100, perSecond: 10 }) }, … });
 * ```
 */
export const tokenBucket = ({ capacity, perSecond, maxKeys = 10_000 }: TokenBucketOptions): RateLimit => {
  for (const [field, value] of Object.entries({ capacity, perSecond, maxKeys })) {
    if (Number.isFinite(value) && value > 0) continue;
    throw MeterError.fromIssues("invalid_options", [
      { field, given: describeValue(value), expected: "a number above 0" },
    ]);
  }
  // In order of last use.
  const buckets = new Map<string, Bucket>();
  return {
    take: (key, cost, now) => {
      const bucket = buckets.get(key) ?? { level: capacity, at: now };
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > maxKeys) {
        const [oldest] = buckets.keys();
        if (oldest !== undefined) buckets.delete(oldest);
      }
      // If the clock was set back, nothing is refilled.
      bucket.level = Math.min(capacity, bucket.level + (Math.max(0, now - bucket.at) / 1_000) * perSecond);
      bucket.at = now;
      const needed = Math.min(cost, capacity);
      if (bucket.level < needed)
        return { ok: false, retryAfterMs: Math.ceil(((needed - bucket.level) / perSecond) * 1_000) };
      bucket.level -= needed;
      return { ok: true };
    },
  };
};
