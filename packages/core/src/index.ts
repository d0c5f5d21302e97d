// The types name this symbol, and a page compiled for ES2022 does not declare it. If it is declared elsewhere, the two are the same.
declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

export type { Catalog, MeterId } from "./catalog/catalog.ts";
export { defineCatalog } from "./catalog/define-catalog.ts";
export { extendCatalog } from "./catalog/extend-catalog.ts";
export { type LitewaveCatalog, litewaveCatalog } from "./catalog/litewave-catalog.ts";
export type { Metadata, Meter } from "./catalog/meter.ts";
export { parseCatalog } from "./catalog/parse-catalog.ts";
export type { EventIssue } from "./check/event-issue.ts";

export type { CorrectedEvent, CorrectionResult } from "./client/correct-event.ts";

export {
  type DrainOptions,
  type Health,
  MeterClient,
  type RecordOptions,
  type RefutedEvent,
  type Stats,
  type TransactionOptions,
} from "./client/meter-client.ts";
export type { MeterClientOptions } from "./client/meter-client-options.ts";
export { pickRuleMeter } from "./client/pick-rule-meter.ts";
export type { PostResult } from "./client/post-result.ts";
export type { ReconcileBackend, Reconciliation } from "./client/reconcile.ts";
export type { SendResult } from "./client/send-result.ts";
export type { Session, SessionInput, SessionOptions, SessionRecovery } from "./client/session.ts";
export type { TimeOptions } from "./client/time-call.ts";
export type { Parking } from "./delivery/customers/customers.ts";
export type { DurableOutcome, Receipt, SettledOutcome } from "./delivery/receipts/receipt.ts";
export type { DeliveryEvents } from "./delivery/reports/delivery-events.ts";
export type { OutboxStatus } from "./delivery/reports/outbox-status.ts";
export type { DeliveryOptions } from "./delivery/rules/delivery-options.ts";
export type { DestinationStatus } from "./delivery/rules/destination-status.ts";
export { isMeterError, MeterError, type MeterErrorCode } from "./errors/meter-error.ts";
export { createEventId } from "./event/event-id.ts";
export { isMeterId } from "./event/is-meter-id.ts";
export type {
  ContextKey,
  EventInput,
  MeterEvent,
  PerformanceMeterId,
  VolumeMeterId,
} from "./event/meter-event.ts";
export type { UsageEvent } from "./event/usage-event.ts";
export { memoryOutbox } from "./log/memory-outbox.ts";
export type { Outbox, RefutationState } from "./log/outbox/outbox.ts";
export type { OutboxRow } from "./log/outbox/outbox-query.ts";
export type { SqlTransaction } from "./log/store/store.ts";
export type { Account, Accounts } from "./log/sums/account.ts";
export { memoryTransport } from "./memory/memory-transport.ts";
export type { Clock } from "./strategies/clock.ts";
export type { CustomerLookup } from "./strategies/customer-lookup.ts";
export type { Transport } from "./strategies/transport.ts";
