import type { Metadata } from "../catalog/meter.ts";

/**
 * What a page posts to a relay, as `application/json`, or as `text/plain` if no header can be set (`sendBeacon`). The relay takes tenant
 * and device from the credentials.
 */
export interface PageBatch {
  /** The page's clock when this attempt was sent, in milliseconds since the epoch; the relay derives the skew of that clock from it. */
  readonly sent_at: number;
  /** Credentials, if no header can carry them. */
  readonly token?: string | undefined;
  /** Whose usage the page recorded. The relay refuses credentials of another tenant, so that what one user left is not billed to the next. */
  readonly tenant_id?: string | undefined;
  /** The user who was signed in. The relay refuses credentials of another user, or of none if there is one here, and the reverse. */
  readonly subject?: string | undefined;
  readonly events: readonly PageEvent[];
}

/** One event as the page froze it: the same on every attempt, with times by the page's clock in milliseconds since the epoch. */
export interface PageEvent {
  /** At most `MAX_PAGE_ID_LENGTH` characters, like `session_id`: the relay adds a prefix for pages. */
  readonly event_id: string;
  readonly meter_id: string;
  readonly event_time: number;
  /** Volume meters only. */
  readonly total_usage?: number | undefined;
  /** Performance meters only, at least one of the two. */
  readonly start_time?: number | undefined;
  readonly end_time?: number | undefined;
  readonly metadata?: Metadata | undefined;
  readonly session_id?: string | undefined;
}

const FIELDS: Readonly<Record<keyof PageEvent, true>> = {
  event_id: true,
  meter_id: true,
  event_time: true,
  total_usage: true,
  start_time: true,
  end_time: true,
  metadata: true,
  session_id: true,
};

/** The names of the fields of an event. */
export const PAGE_EVENT_FIELDS: ReadonlySet<string> = /* @__PURE__ */ new Set(
  /* @__PURE__ */ Object.keys(FIELDS),
);

/** The relay's response, with status 200. With any other status, none of the batch was accepted, and `error` says why. */
export interface PageBatchAnswer {
  /** One per event, in the same order. */
  readonly results: readonly PageEventResult[];
}

/**
 * - `accepted`: the relay has stored it; the page may forget it
 * - `duplicate`: the relay already had it; the page may forget it
 * - `rejected`: it will never be accepted as it is; `reason` says why
 * - `retry`: send it again, not before `retry_after_ms`
 */
export interface PageEventResult {
  readonly event_id: string;
  readonly state: "accepted" | "duplicate" | "rejected" | "retry";
  readonly reason?: string | undefined;
  readonly retry_after_ms?: number | undefined;
}

/** Default maximum size of a body, in UTF-8 bytes: the limit of browsers for all keepalive requests together. */
export const MAX_PAGE_BATCH_BYTES = 65_536;

/** Maximum length of an event or session id, in characters. */
export const MAX_PAGE_ID_LENGTH = 200;

/** Default maximum number of events in one batch. */
export const MAX_PAGE_BATCH_EVENTS = 500;
