import type { DestinationFault } from "@meter-lib/core/transport";

/** The meaning of a status whose definition says that the request was not processed. */
export interface UnprocessedStatus {
  readonly kind: DestinationFault["kind"];
  /** The reason, as shown in errors. */
  readonly why: string;
  /** Whether the receiver refused the credentials. */
  readonly credentials?: true;
}

const blocked = (why: string): UnprocessedStatus => ({ kind: "blocked", why });
const unavailable = (why: string): UnprocessedStatus => ({ kind: "unavailable", why });

const CREDENTIALS: UnprocessedStatus = {
  ...blocked("the receiver refused the credentials"),
  credentials: true,
};
const NOT_SERVED = blocked("the receiver does not serve this request");
const INVALID: UnprocessedStatus = { kind: "invalid", why: "the receiver refused the request as invalid" };

/**
 * The statuses whose definition says that the request was not processed, with sections of RFC 9110 unless another RFC is named. After
 * any other status the request may have been processed; docs/concepts/answers.md explains why.
 */
export const UNPROCESSED: ReadonlyMap<number, UnprocessedStatus> = new Map([
  [400, INVALID], // 15.5.1
  [401, CREDENTIALS], // 15.5.2
  [403, CREDENTIALS], // 15.5.4
  [404, NOT_SERVED], // 15.5.5
  [405, NOT_SERVED], // 15.5.6
  [406, NOT_SERVED], // 15.5.7
  [407, blocked("a proxy requires credentials")], // 15.5.8
  [408, unavailable("the request did not arrive completely in time")], // 15.5.9
  [410, blocked("the receiver no longer serves this address")], // 15.5.11
  [411, blocked("the receiver requires a Content-Length")], // 15.5.12
  [413, { kind: "too_large", why: "the request is too large for the receiver" }], // 15.5.14
  [414, blocked("the address is too long for the receiver")], // 15.5.15
  [415, NOT_SERVED], // 15.5.16
  [421, unavailable("the connection leads to another server")], // 15.5.20
  [422, INVALID], // 15.5.21
  [425, unavailable("the receiver accepts no request this early in a connection")], // RFC 8470, 5.2
  [426, blocked("the receiver requires another protocol")], // 15.5.22
  [428, blocked("the receiver requires a conditional request")], // RFC 6585, 3
  [429, unavailable("the receiver asks for fewer requests")], // RFC 6585, 4
  [431, blocked("the headers are too large for the receiver")], // RFC 6585, 5
  [501, NOT_SERVED], // 15.6.2
  [505, blocked("the receiver does not support this version of HTTP")], // 15.6.6
  [511, blocked("the network requires a login")], // RFC 6585, 6
]);

// 15.4. Without 303, which answers a processed POST, and 304, which answers a conditional request. 0: hidden by the platform.
const REDIRECTS = new Set([0, 300, 301, 302, 305, 307, 308]);

/** Whether the response redirects the request, which was then not processed. */
export const isRedirect = (status: number): boolean => REDIRECTS.has(status);
