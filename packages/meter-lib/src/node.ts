export { type SqliteOutboxOptions, sqliteOutbox } from "@meter-lib/outbox-sqlite";
export { type CloseOnSignalsOptions, closeOnSignals } from "./close-on-signals.ts";
