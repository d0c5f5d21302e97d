export { MeterError, type MeterErrorCode } from "../errors/meter-error.ts";
export { contentMark } from "../event/content-mark.ts";
export { createEventId } from "../event/event-id.ts";
export { describeValue, type EventIssue } from "../event/event-issue.ts";
export { eventSize } from "../event/event-size.ts";
export type { SeqRange } from "../event/seq-range.ts";
export { type Lane, type UsageEvent, usageEvent } from "../event/usage-event.ts";
export { usageTime } from "../event/usage-time.ts";
export {
  ACCOUNT_FIELDS,
  type Account,
  type AccountField,
  type Accounts,
  emptyAccount,
} from "./account.ts";
export { bodyOf, bodyText, eventsOf } from "./body.ts";
export { type DiscardedEvent, type DiscardedQuery, readDiscarded } from "./discarded.ts";
export type { LogOptions } from "./log-options.ts";
export { logOutbox } from "./log-outbox.ts";
export { type MemoryOutboxOptions, memoryOutbox } from "./memory-outbox.ts";
export { memoryStore } from "./memory-store.ts";
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
} from "./outbox.ts";
export { MAX_IDS_SPAN_MS, MAX_SEGMENT_EVENTS } from "./outbox.ts";
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
} from "./outbox-query.ts";
export type { SessionAnswer, SessionChange } from "./outbox-session.ts";
export {
  type KeyRange,
  MayHaveCommitted,
  type Store,
  type StoreLock,
  type StoreRow,
  type StoreTransaction,
} from "./store.ts";
export { type EventSums, hourOf, sumEvents } from "./sums.ts";
export {
  type AccountChange,
  type CustomerPairs,
  type DeltaRow,
  type IdentityRow,
  type IdsRow,
  type LedgerSums,
  type Letter,
  type MetaRow,
  type OwnerRow,
  type Piece,
  type SegmentBody,
  type SegmentRow,
  type SessionRow,
  type SharedSessionRow,
  TABLE_NAMES,
  type TableName,
  type Tables,
} from "./tables.ts";
