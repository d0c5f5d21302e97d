export type { OutboxView } from "@meter-lib/core/store";
export { sqliteOutboxView } from "./outbox-view.ts";
export { sqliteOutbox } from "./sqlite-outbox.ts";
export type { SqliteOutboxOptions } from "./sqlite-outbox-options.ts";
