/**
 * What the packages of this repository share internally. It changes without notice.
 *
 * @internal
 */
export type { Aggregation } from "./catalog/meter.ts";
export { isPlainObject } from "./check/is-object.ts";
export type { Closing } from "./delivery/rules/delivery-options.ts";
export { landing, leaving } from "./delivery/rules/fates.ts";
export { Breaker, type DestinationHealth, retryDelayMs } from "./delivery/rules/retry.ts";
export {
  blamed,
  type CountedOutcome,
  type DestinationResult,
  destinationResult,
  isMisfit,
} from "./delivery/sending/destination-result.ts";
export { createEventCheck } from "./event/check-event.ts";
export { contentMark } from "./event/content-mark.ts";
export { isToken, isUsage, MAX_EVENT_BYTES } from "./event/event-rules.ts";
export { expectedTime, isTime } from "./event/event-time.ts";
export { HOUR_MS, startOfHour } from "./event/hour.ts";
export type { RuntimeFields } from "./event/meter-event.ts";
export { parseBaseUrl } from "./wire/base-url.ts";
export { HEADER_TEXT, isHeaderText } from "./wire/header-text.ts";
export { hideSecrets } from "./wire/hide-secrets.ts";
export {
  MAX_PAGE_BATCH_BYTES,
  MAX_PAGE_BATCH_EVENTS,
  MAX_PAGE_ID_LENGTH,
  PAGE_EVENT_FIELDS,
  type PageBatch,
  type PageBatchAnswer,
  type PageEvent,
  type PageEventResult,
} from "./wire/page-batch.ts";
export { readText } from "./wire/read-text.ts";
export {
  correctionMetadata,
  reservedMetadataIssue,
  usageRecordJson,
  usageRecordValue,
} from "./wire/usage-record.ts";
