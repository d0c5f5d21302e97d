/**
 * What a backend does to one request instead of its duty. `counts`: whether the events of the request are counted all the
 * same, which the sender cannot see.
 *
 * - `answer`: a status, headers and a body of one's own
 * - `reset`: cuts the connection; `mid_answer` after a part of the answer
 * - `silence`: never answers
 * - `delay`: does its duty, and answers late
 * - `slow`: answers byte by byte
 * - `results`: counts the events and answers with that many results: too few, too many or none (`kafka-rest`)
 * - `record_errors`: refuses some records by position, with an error each, and counts the others (`kafka-rest`)
 */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Text as it is; anything else as JSON. @default an empty body */
      readonly body?: unknown;
      readonly counts?: boolean;
    }
  | { readonly kind: "reset"; readonly when: "on_arrival" | "after_commit" | "mid_answer" }
  | { readonly kind: "silence"; readonly counts: boolean }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "slow"; readonly msPerByte: number }
  | { readonly kind: "results"; readonly count: number }
  | {
      readonly kind: "record_errors";
      readonly positions: readonly number[];
      readonly error_code: number;
      readonly error: string;
    };

/** Page of a captive portal, as it comes with a 200. */
export const captivePortal: Fault = {
  kind: "answer",
  status: 200,
  headers: { "content-type": "text/html" },
  body: "<!doctype html><title>Welcome</title><p>Please accept the terms to use this network.</p>",
};

/** A redirect to somewhere else. */
export const redirect = (location: string, status = 307): Fault => ({
  kind: "answer",
  status,
  headers: { location },
});

/** An answer that asks to come back later: 429, or 503. */
export const retryAfter = (value: string, status: 429 | 503 = 429): Fault => ({
  kind: "answer",
  status,
  headers: { "retry-after": value },
});
