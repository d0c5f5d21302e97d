export type { MortalOutbox, OutboxStore, StoreSettings } from "./outbox/conformance-case.ts";
export { type OutboxConformanceOptions, outboxConformance } from "./outbox-conformance.ts";
