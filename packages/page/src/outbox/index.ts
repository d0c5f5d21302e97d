export { indexedDbOutbox } from "./indexed-db-outbox.ts";
export type { IndexedDbOutboxOptions } from "./indexed-db-outbox-options.ts";
export { type IndexedDbStoreOptions, indexedDbStore } from "./indexed-db-store.ts";
