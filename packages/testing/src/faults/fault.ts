/**
 * How a backend fails a request. `counts` is whether it counts the events anyway, which the sender cannot see.
 *
 * - `answer`: responds with the given status, headers and body
 * - `reset`: closes the connection; with `mid_answer`, after part of the response
 * - `silence`: never responds
 * - `delay`: succeeds, but responds late
 * - `hold`: succeeds, but responds only when a promise has resolved
 * - `slow`: responds byte by byte
 * - `results`: counts the events, but responds with another number of results: too few, too many or none (`kafka-rest`)
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
  | { readonly kind: "hold"; readonly until: Promise<unknown> }
  | { readonly kind: "slow"; readonly msPerByte: number }
  | { readonly kind: "results"; readonly count: number }
  | {
      readonly kind: "record_errors";
      readonly positions: readonly number[];
      readonly error_code: number;
      readonly error: string;
    };

/** A captive portal: an HTML page with status 200. */
export const captivePortal: Fault = {
  kind: "answer",
  status: 200,
  headers: { "content-type": "text/html" },
  body: "<!doctype html><title>Welcome</title><p>Please accept the terms to use this network.</p>",
};

/** A redirect to another location. */
export const redirect = (location: string, status = 307): Fault => ({
  kind: "answer",
  status,
  headers: { location },
});

/** A 429 or 503 with a `Retry-After` header. */
export const retryAfter = (value: string, status: 429 | 503 = 429): Fault => ({
  kind: "answer",
  status,
  headers: { "retry-after": value },
});
