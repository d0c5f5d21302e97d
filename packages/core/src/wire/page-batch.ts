import type { Metadata } from "../catalog/meter.ts";

/**
 * What a page posts to a relay, as `application/json` or, where no header can be set (`sendBeacon`), as `text/plain`.
 * Who is metered is no part of it: the relay takes tenant and device from the credentials.
 */
export interface PageBatch {
  /** The page's clock when this attempt left, in milliseconds since the epoch: by it the relay knows how wrong that clock is. */
  readonly sent_at: number;
  /** Credentials, where no header can carry them. */
  readonly token?: string | undefined;
  readonly events: readonly PageEvent[];
}

/** One event as the page froze it: every attempt carries the same, times by the page's clock in milliseconds since the epoch. */
export interface PageEvent {
  /** At most `MAX_PAGE_ID_LENGTH` characters, as `session_id`: the relay hands ids of pages on behind a namespace of theirs. */
  readonly event_id: string;
  readonly meter_id: string;
  readonly event_time: number;
  /** Only on volume meters. */
  readonly total_usage?: number | undefined;
  /** Only on performance meters, which have one of the two at least. */
  readonly start_time?: number | undefined;
  readonly end_time?: number | undefined;
  readonly metadata?: Metadata | undefined;
  readonly session_id?: string | undefined;
}

/** The relay's answer, with status 200. Any other status says that none of the batch is taken yet, and why stands in `error`. */
export interface PageBatchAnswer {
  /** As many as the batch has events, in the same order. */
  readonly results: readonly PageEventResult[];
}

/**
 * - `accepted`: the relay answers for it now, the page may forget it
 * - `duplicate`: the relay had it already, the page may forget it
 * - `rejected`: it will never be taken as it is; `reason` says why
 * - `retry`: to be sent again, not before `retry_after_ms`
 */
export interface PageEventResult {
  readonly event_id: string;
  readonly state: "accepted" | "duplicate" | "rejected" | "retry";
  readonly reason?: string | undefined;
  readonly retry_after_ms?: number | undefined;
}

/** Most bytes of a body (UTF-8) that a relay takes unless told otherwise: what a browser lets all keepalive requests carry together. */
export const MAX_PAGE_BATCH_BYTES = 65_536;

/** Most characters of an event or session id that a relay takes. */
export const MAX_PAGE_ID_LENGTH = 200;

/** Most events in one batch that a relay takes unless told otherwise. */
export const MAX_PAGE_BATCH_EVENTS = 500;
