/** For authors of transports and customer lookups. */
export type { Metadata } from "./catalog/meter.ts";
export { describeIssue, describeValue, type EventIssue } from "./check/event-issue.ts";
export { foreignOptions, type OptionNames } from "./check/foreign-options.ts";
export { MeterError } from "./errors/meter-error.ts";
export type { Correction } from "./event/correction.ts";
export type { OutgoingEvent, UsageEvent } from "./event/usage-event.ts";
export { usageTime } from "./event/usage-time.ts";
export type { MemoryTransport, MemoryTransportOptions } from "./memory/memory-transport.ts";
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
  Corrections,
  Dedup,
  DestinationFault,
  Outcome,
  Receiver,
  Rejected,
  Retry,
  SendAnswer,
  SendContext,
  Transport,
  TransportCheck,
  TransportLimits,
  Unsure,
} from "./strategies/transport.ts";
