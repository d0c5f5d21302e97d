// What a frame loads to be a page of its own.
export { logOutbox } from "@meter-lib/core/store";
export { indexedDbStore } from "../src/outbox/indexed-db-store.ts";
