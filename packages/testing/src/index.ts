export {
  type CustomerLookupConformanceOptions,
  customerLookupConformance,
  type LookupUnderTest,
} from "./customer-lookup-conformance.ts";
export { type FakeClock, type FakeTimer, fakeClock } from "./fake-clock.ts";
export type { MortalOutbox, OutboxPlace } from "./outbox/conformance-case.ts";
export { type AppendOptions, type EventAnswer, OpenedOutbox } from "./outbox/opened-outbox.ts";
export {
  repeatOf,
  SAMPLE_TIME,
  SampleEvent,
  type SampleFields,
  sampleEvent,
  sampleEvents,
} from "./outbox/sample-event.ts";
export { type OutboxConformanceOptions, outboxConformance } from "./outbox-conformance.ts";
export type { LockElsewhere, StorePlace } from "./store/store-case.ts";
export { type StoreConformanceOptions, storeConformance } from "./store-conformance.ts";
export type { TestRunner } from "./test-runner.ts";
export {
  type TransportConformanceOptions,
  type TransportUnderTest,
  transportConformance,
} from "./transport-conformance.ts";
