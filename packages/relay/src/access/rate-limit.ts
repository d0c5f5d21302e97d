import { describeValue, type Promisable } from "@meter-lib/core/transport";

/** Limits the rate of events per key. If it throws, the relay answers 503. Implement it to share a limit between processes. */
export interface RateLimit {
  /** @param now - milliseconds since the epoch */
  take(key: string, cost: number, now: number): Promisable<RateAnswer>;
}

export type RateAnswer =
  | { readonly ok: true }
  | { readonly ok: false /** When so much may come, in milliseconds. */; readonly retryAfterMs: number };

/** @throws TypeError if the rate limit returned an invalid answer */
export const checkRateAnswer = (answer: RateAnswer): RateAnswer => {
  if (typeof answer === "object" && answer !== null) {
    if (answer.ok === true) return answer;
    if (answer.ok === false && Number.isFinite(answer.retryAfterMs)) return answer;
  }
  throw new TypeError(
    `rate: expected { ok: true } or { ok: false, retryAfterMs }, got ${describeValue(answer)}`,
  );
};
