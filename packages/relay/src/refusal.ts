/** Why a whole request was not taken; `error.code` of the answer. None of its events was. */
export type RelayErrorCode =
  | "method_not_allowed"
  | "origin_missing"
  | "origin_not_allowed"
  | "unsupported_media_type"
  | "body_too_large"
  | "too_many_events"
  | "body_timeout"
  | "body_failed"
  | "invalid_utf8"
  | "invalid_json"
  | "invalid_batch"
  | "unauthenticated"
  | "token_missing"
  | "token_invalid"
  | "token_expired"
  | "token_not_yet_valid"
  | "token_wrong_audience"
  | "token_wrong_issuer"
  | "token_unknown_key"
  | "rate_limited"
  | "overloaded"
  | "unavailable"
  | "internal";

export interface RefusalDetails {
  /** When the page may try again, in milliseconds; sent as `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** More headers of the answer. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A request that is answered with an error. A value: nothing is thrown for what a page sends. */
export class Refusal {
  readonly status: number;
  readonly code: RelayErrorCode;
  readonly message: string;
  readonly details: RefusalDetails;

  constructor(status: number, code: RelayErrorCode, message: string, details: RefusalDetails = {}) {
    this.status = status;
    this.code = code;
    this.message = message;
    this.details = details;
  }
}
