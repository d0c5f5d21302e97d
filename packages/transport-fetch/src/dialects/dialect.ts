import type {
  OutgoingEvent,
  Receiver,
  Rejected,
  SendAnswer,
  TransportCheck,
  TransportLimits,
} from "@meter-lib/core/transport";
import type { HttpAnswer } from "../http/exchange.ts";

/** Encodes events for one HTTP API and interprets its responses. It does no I/O. */
export interface Dialect {
  /** Start of the transport's default name, as shown in errors. */
  readonly name: string;
  /** Path of the requests, appended to the base URL. */
  readonly path: string;
  readonly limits: TransportLimits;
  /** How much of a response is read, in bytes. */
  readonly maxAnswerBytes: number;
  /** What the receiver does; whether it deduplicates is an option of the transport. */
  readonly receiver?: Omit<Receiver, "dedup">;
  readonly check: TransportCheck;
  /** Returns the requests that carry the events, in order. A request may be a promise, which must not reject. */
  encode(events: readonly OutgoingEvent[]): Iterable<Part | Promise<Part>>;
  /**
   * Interprets the response to a request.
   *
   * @param events - number of events in the request
   * @param now - time of this machine, in milliseconds since the epoch
   */
  judge(answer: HttpAnswer, events: number, now: number): SendAnswer;
}

/** The next events of a batch: one request, or an event that no request can carry. */
export type Part = PartRequest | { readonly rejected: Rejected };

export interface PartRequest {
  readonly events: number;
  /** @default the dialect's */
  readonly path?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly rejected?: undefined;
}
