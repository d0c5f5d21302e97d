import { describeValue, type Promisable } from "@meter-lib/core/transport";

/** Says whether so much more may come under a key. A throw is a 503. For several processes to share one limit, give an own one. */
export interface RateLimit {
  /** @param now - milliseconds since the epoch */
  take(key: string, cost: number, now: number): Promisable<RateAnswer>;
}

export type RateAnswer =
  | { readonly ok: true }
  | { readonly ok: false /** When so much may come, in milliseconds. */; readonly retryAfterMs: number };

/** @throws TypeError for an answer that is none: nothing comes in on the strength of it */
export const checkRateAnswer = (answer: RateAnswer): RateAnswer => {
  if (typeof answer === "object" && answer !== null) {
    if (answer.ok === true) return answer;
    if (answer.ok === false && Number.isFinite(answer.retryAfterMs)) return answer;
  }
  throw new TypeError(
    `rate: expected { ok: true } or { ok: false, retryAfterMs }, got ${describeValue(answer)}`,
  );
};
