/** For authors of stores: where an outbox keeps its events. */

export { describeValue, type EventIssue } from "./check/event-issue.ts";
export { type BackendLedgerRow, type ReconcileSource, reconcile } from "./client/reconcile.ts";
export { MeterError, type MeterErrorCode } from "./errors/meter-error.ts";
export { createEventId } from "./event/event-id.ts";
export { eventSize } from "./event/event-size.ts";
export { type Lane, type UsageEvent, usageEvent } from "./event/usage-event.ts";
export type { DiscardedEvent } from "./log/accounts/discarded.ts";
export { logOutbox } from "./log/log-outbox.ts";
export { expectInteger, type LogDefaults, type LogOutboxOptions, logSettings } from "./log/log-settings.ts";
export { logView, type OutboxView } from "./log/log-view.ts";
export {
  type AppendException,
  type Appended,
  type ClaimedSegment,
  type ClaimRequest,
  type Corrected,
  type Ending,
  type EventIdentity,
  type GivenId,
  type Lease,
  MAX_SEGMENT_EVENTS,
  type NewSegment,
  type Outbox,
  type OutboxChanges,
  type OutboxCommit,
  type OutboxLimits,
  type OutboxOpening,
  type Refutation,
  type Span,
  type Undone,
} from "./log/outbox/outbox.ts";
export type {
  LedgerId,
  LedgerKey,
  LedgerRange,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
  RowState,
} from "./log/outbox/outbox-query.ts";
export type { SessionAnswer, SessionChange } from "./log/outbox/outbox-session.ts";
export type { ArrivedEvent } from "./log/segments/arrived.ts";
export { idList } from "./log/store/id-list.ts";
export { memoryStore } from "./log/store/memory-store.ts";
export { OrderedTable } from "./log/store/ordered-table.ts";
export { bodyOf, bodyText, eventsOf } from "./log/store/segment-body.ts";
export {
  type Arrivals,
  type Insertion,
  type KeyRange,
  MayHaveCommitted,
  type SqlTransaction,
  type Store,
  type StoreLock,
  type StoreRow,
  type StoreTransaction,
} from "./log/store/store.ts";
export {
  type ArrivalRow,
  type DeltaRow,
  type SegmentBody,
  type SegmentRow,
  type SessionRow,
  type SharedSessionRow,
  TABLE_NAMES,
  type TableName,
  type Tables,
} from "./log/store/tables.ts";
export {
  ACCOUNT_FIELDS,
  type Account,
  type AccountField,
  type Accounts,
  emptyAccount,
} from "./log/sums/account.ts";
export { sumEvents } from "./log/sums/sums.ts";
export type { LogOptions } from "./log/transaction/log-options.ts";
