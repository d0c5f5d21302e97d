import type {
  CarriedMeter,
  EventIssue,
  OutgoingEvent,
  Rejected,
  SendAnswer,
  UsageEvent,
} from "@meter-lib/core/transport";
import type { HttpAnswer } from "./exchange.ts";

/** How events look on one wire, and what its answers mean. Pure: it neither sends nor waits. */
export interface Dialect {
  /** For people: the default name of a transport begins with it. */
  readonly name: string;
  /** Where requests go, after the base URL. */
  readonly path: string;
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly maxInFlight: number;
  /** Most bytes of an answer that are read. */
  readonly maxAnswerBytes: number;
  /** Whether ids travel as HTTP headers. */
  readonly headers: boolean;
  /** See `Transport.maxEventAgeMs`. */
  readonly maxEventAgeMs?: number | undefined;
  check(event: UsageEvent): EventIssue | undefined;
  /** See `Transport.checkMeter`. */
  checkMeter?(meter: CarriedMeter): EventIssue | undefined;
  /** The requests that carry the events, in order. A promise, which must not reject, where one takes time to make. */
  encode(events: readonly OutgoingEvent[]): Iterable<Part | Promise<Part>>;
  /** What the answer to a request with so many events means. `now` is this machine's time. */
  judge(answer: HttpAnswer, events: number, now: number): SendAnswer;
}

/** The next events of a batch: in one request, or one that no request can carry. */
export type Part = PartRequest | { readonly rejected: Rejected };

export interface PartRequest {
  readonly events: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly rejected?: undefined;
}
