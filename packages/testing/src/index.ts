export {
  type CustomerLookupConformanceOptions,
  customerLookupConformance,
  type LookupUnderTest,
} from "./customer-lookup-conformance.ts";
export { type FakeClock, type FakeTimer, fakeClock } from "./fake-clock.ts";
export type { MortalOutbox, OutboxStore, StoreSettings } from "./outbox/conformance-case.ts";
export { type OutboxConformanceOptions, outboxConformance } from "./outbox-conformance.ts";
export type { TestRunner } from "./test-runner.ts";
export {
  type TransportConformanceOptions,
  type TransportUnderTest,
  transportConformance,
} from "./transport-conformance.ts";
