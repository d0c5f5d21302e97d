/** Why a request was refused, as `error.code` of the response. None of its events was accepted. */
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
  | "wrong_tenant"
  | "wrong_subject"
  | "rate_limited"
  | "overloaded"
  | "unavailable"
  | "internal";

export interface RefusalDetails {
  /** When the page may retry, in milliseconds from now; sent as `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  /** Additional headers of the response. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** An error response. It is a value: the relay throws nothing for invalid input from a page. */
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
