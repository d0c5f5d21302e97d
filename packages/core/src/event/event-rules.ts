// The rules for the fields of an event, one predicate each.

/** Maximum length of a tenant, device, event or session id, in characters. */
export const MAX_ID_LENGTH = 255;
/** Maximum size of one event, in UTF-8 bytes. */
export const MAX_EVENT_BYTES = 32 * 1024;

export const NAME = /^[^\p{Cc}]{1,255}$/u;
/** Common names take a fast path. */
const PLAIN_NAME = /^[\w.:@-]{1,255}$/;
const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

export const FIELDS = new Set([
  "meter_id",
  "tenant_id",
  "device_id",
  "total_usage",
  "start_time",
  "end_time",
  "event_time",
  "event_id",
  "metadata",
  "session_id",
]);

/** Optional fields that are ids. */
export const ID_FIELDS = ["event_id", "session_id"] as const;

export const isName = (value: unknown): value is string =>
  typeof value === "string" && (PLAIN_NAME.test(value) || (NAME.test(value) && value.isWellFormed()));

export const isToken = (value: unknown): value is string =>
  typeof value === "string" && VISIBLE_ASCII.test(value);

export const isUsage = (value: unknown): value is number =>
  Number.isSafeInteger(value) && typeof value === "number" && value >= 0;
