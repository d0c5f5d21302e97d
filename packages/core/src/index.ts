export type { Aggregation, Metadata, MetadataSchema, Meter, MeterType } from "./catalog/meter.ts";
export { MeterError, type MeterErrorCode, type MeterErrorDetails, isMeterError } from "./errors/meter-error.ts";
export { type EventIssue, describeIssue, describeValue } from "./event/event-issue.ts";
export type { OutgoingEvent, UsageEvent } from "./event/usage-event.ts";
export { type Clock, systemClock } from "./strategies/clock.ts";
export type {
  CustomerFound,
  CustomerLookup,
  CustomerUnknown,
  LookupAnswer,
  LookupFailed,
} from "./strategies/customer-lookup.ts";
export type {
  Acknowledged,
  Answered,
  Batch,
  Dedup,
  DestinationFault,
  Faulted,
  Outcome,
  Outcomes,
  Rejected,
  Retry,
  SendAnswer,
  SendContext,
  Transport,
  Unsure,
} from "./strategies/transport.ts";
export { HEADER_TEXT, isHeaderText } from "./wire/header-text.ts";
export {
  type PerformanceRecord,
  RESERVED_METADATA_PREFIX,
  type UsageRecord,
  type UsageRecordOptions,
  type VolumeRecord,
  usageRecordValue,
} from "./wire/usage-record.ts";
