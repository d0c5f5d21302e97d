import type { Promisable } from "@meter-lib/core";

/** Says whether so much more may come under a key. For several processes to share one limit, give an own one. */
export interface RateLimit {
  /** @param now - milliseconds since the epoch */
  take(key: string, cost: number, now: number): Promisable<RateAnswer>;
}

export type RateAnswer =
  | { readonly ok: true }
  | { readonly ok: false /** When so much may come, in milliseconds. */; readonly retryAfterMs: number };
