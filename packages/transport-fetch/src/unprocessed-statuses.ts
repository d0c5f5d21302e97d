import type { DestinationFault } from "@meter-lib/core/transport";

/** What a status says that leaves the request unprocessed by its own definition. */
export interface UnprocessedStatus {
  readonly kind: DestinationFault["kind"];
  /** In words, for people. */
  readonly why: string;
  /** The receiver refused the credentials. */
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
 * The statuses by whose definition the request was not processed. Sections are those of RFC 9110 unless another RFC is named. Every
 * other status leaves it open; docs/concepts/answers.md says why.
 */
export const UNPROCESSED: ReadonlyMap<number, UnprocessedStatus> = new Map([
  [400, INVALID], // 15.5.1
  [401, CREDENTIALS], // 15.5.2
  [403, CREDENTIALS], // 15.5.4
  [404, NOT_SERVED], // 15.5.5
  [405, NOT_SERVED], // 15.5.6
  [406, NOT_SERVED], // 15.5.7
  [407, blocked("a proxy wants credentials")], // 15.5.8
  [408, unavailable("the request did not arrive whole in time")], // 15.5.9
  [410, blocked("the receiver serves this address no longer")], // 15.5.11
  [411, blocked("the receiver wants a Content-Length")], // 15.5.12
  [413, { kind: "too_large", why: "the request is too large for the receiver" }], // 15.5.14
  [414, blocked("the address is too long for the receiver")], // 15.5.15
  [415, NOT_SERVED], // 15.5.16
  [421, unavailable("the connection leads to another server")], // 15.5.20
  [422, INVALID], // 15.5.21
  [425, unavailable("the receiver takes no request so early in a connection")], // RFC 8470, 5.2
  [426, blocked("the receiver wants another protocol")], // 15.5.22
  [428, blocked("the receiver wants a conditional request")], // RFC 6585, 3
  [429, unavailable("the receiver asks for fewer requests")], // RFC 6585, 4
  [431, blocked("the headers are too large for the receiver")], // RFC 6585, 5
  [501, NOT_SERVED], // 15.6.2
  [505, blocked("the receiver does not speak this version of HTTP")], // 15.6.6
  [511, blocked("the network wants a login")], // RFC 6585, 6
]);

// 15.4. Not 303, the answer to a POST that was processed; not 304, which only a conditional request can have. 0: the platform hides it.
const REDIRECTS = new Set([0, 300, 301, 302, 305, 307, 308]);

/** Whether an answer sends the request elsewhere before it was processed. */
export const isRedirect = (status: number): boolean => REDIRECTS.has(status);
