// The types name this symbol, and a page compiled for ES2022 has no declaration of it; where there is one, it is the same.
declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

export type { Catalog, MeterId } from "./catalog/catalog.ts";
export { defineCatalog } from "./catalog/define-catalog.ts";
export { type AlreadyInCatalog, extendCatalog, type NewIds } from "./catalog/extend-catalog.ts";
export { isMeterId } from "./catalog/is-meter-id.ts";
export { type LitewaveCatalog, litewaveCatalog } from "./catalog/litewave-catalog.ts";
export type {
  Aggregation,
  Metadata,
  MetadataSchema,
  Meter,
  MeterType,
  SchemaMetadata,
} from "./catalog/meter.ts";
export { parseCatalog } from "./catalog/parse-catalog.ts";
export {
  type DrainOptions,
  type Health,
  MeterClient,
  type PostOptions,
  type RecordOptions,
  type Stats,
} from "./client/meter-client.ts";
export type { MeterClientOptions, MeterClientStrategies } from "./client/meter-client-options.ts";
export { type PickRuleMeterOptions, pickRuleMeter, type RuleMeterId } from "./client/pick-rule-meter.ts";
export type { PostFailure, PostResult, PostSuccess } from "./client/post-result.ts";
export {
  type BackendLedgerRow,
  type BackendProducer,
  type ProducerGap,
  type ReconcileBackend,
  type ReconcileDifference,
  type ReconcileSource,
  type Reconciliation,
  reconcile,
} from "./client/reconcile.ts";
export type { SendResult } from "./client/send-result.ts";
export type { Session, SessionInput, SessionOptions, SessionRecovery } from "./client/session.ts";
export type { TimeOptions } from "./client/time-call.ts";
export { fallback } from "./compose/fallback.ts";
export { route } from "./compose/route.ts";
export type { Parking } from "./delivery/customers.ts";
export type { DeliveryEvents } from "./delivery/delivery-events.ts";
export type { AmbiguityPolicy, Closing, DeliveryOptions } from "./delivery/delivery-options.ts";
export type { DestinationStatus } from "./delivery/destination.ts";
export type { OutboxStatus } from "./delivery/outbox-status.ts";
export type { Buried, DurableOutcome, Receipt, SettledOutcome, Settlement } from "./delivery/receipt.ts";
export { backoffMs, type DestinationState, type Random, retryAfterFloorMs } from "./delivery/retry.ts";
export {
  isMeterError,
  MeterError,
  type MeterErrorCode,
  type MeterErrorDetails,
} from "./errors/meter-error.ts";
export { contentMark } from "./event/content-mark.ts";
export { createEventId } from "./event/event-id.ts";
export { describeIssue, describeValue, type EventIssue } from "./event/event-issue.ts";
export { isPlainObject, isToken, isUsage, MAX_EVENT_BYTES } from "./event/event-rules.ts";
export { expectedTime, isTime } from "./event/event-time.ts";
export type {
  BoundKeys,
  CommonFields,
  ContextFields,
  ContextKey,
  EndTimeUnlessStartTime,
  EventInput,
  IdOfType,
  MeterEvent,
  NonNegativeInteger,
  PerformanceFields,
  PerformanceMeterId,
  RuntimeFields,
  StartTimeUnlessEndTime,
  UsageNumber,
  VolumeFields,
  VolumeMeterId,
} from "./event/meter-event.ts";
export type { SeqRange } from "./event/seq-range.ts";
export type { Lane, OutgoingEvent, UsageEvent } from "./event/usage-event.ts";
export { usageTime } from "./event/usage-time.ts";
export {
  ACCOUNT_FIELDS,
  type Account,
  type AccountField,
  type Accounts,
  emptyAccount,
} from "./log/account.ts";
export { type MemoryOutboxOptions, memoryOutbox } from "./log/memory-outbox.ts";
export type {
  AppendException,
  Appended,
  Claimed,
  ClaimedSegment,
  ClaimRequest,
  Ending,
  Erased,
  GivenId,
  HourSums,
  Lease,
  NewSegment,
  Outbox,
  OutboxChanges,
  OutboxCommit,
  OutboxLimits,
  OutboxOpening,
  Span,
  Undone,
} from "./log/outbox.ts";
export type {
  EndState,
  LedgerId,
  LedgerKey,
  LedgerRange,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
  RowState,
} from "./log/outbox-query.ts";
export type { SessionAnswer, SessionChange } from "./log/outbox-session.ts";
export type { CustomerPairs, Piece, SegmentBody, SessionRow } from "./log/tables.ts";
export {
  type MemoryTransport,
  type MemoryTransportOptions,
  memoryTransport,
} from "./memory/memory-transport.ts";
export { type Clock, systemClock } from "./strategies/clock.ts";
export type {
  CustomerFound,
  CustomerLookup,
  CustomerUnknown,
  LookupAnswer,
  LookupFailed,
} from "./strategies/customer-lookup.ts";
export type { Promisable } from "./strategies/promisable.ts";
export type {
  Acknowledged,
  Answered,
  Batch,
  CarriedMeter,
  Dedup,
  DestinationFault,
  Faulted,
  OneOutcome,
  Outcome,
  Outcomes,
  Rejected,
  Retry,
  SendAnswer,
  SendContext,
  Transport,
  Unsure,
} from "./strategies/transport.ts";
export { parseBaseUrl } from "./wire/base-url.ts";
export { HEADER_TEXT, isHeaderText } from "./wire/header-text.ts";
export { hideSecrets } from "./wire/hide-secrets.ts";
export {
  MAX_PAGE_BATCH_BYTES,
  MAX_PAGE_BATCH_EVENTS,
  MAX_PAGE_ID_LENGTH,
  type PageBatch,
  type PageBatchAnswer,
  type PageEvent,
  type PageEventResult,
} from "./wire/page-batch.ts";
export {
  type PerformanceRecord,
  RESERVED_METADATA_PREFIX,
  type UsageRecord,
  type UsageRecordOptions,
  usageRecordJson,
  usageRecordValue,
  type VolumeRecord,
} from "./wire/usage-record.ts";
