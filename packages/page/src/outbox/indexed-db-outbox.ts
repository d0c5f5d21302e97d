import { logOutbox, type Outbox } from "@meter-lib/core/store";
import { type IndexedDbOutboxOptions, outboxSettings } from "./indexed-db-outbox-options.ts";
import { indexedDbStore } from "./indexed-db-store.ts";

/**
 * Creates a durable outbox in IndexedDB. A committed event survives the end of the page and of the browser. All pages and workers of an
 * origin may share it; the next claim takes over the events of a closed, dead or frozen page.
 *
 * Calls reject with a `MeterError`: `outbox_failed` while the database does not work (no IndexedDB, blocked by an older page),
 * `no_room` while it is full; a client then keeps events in memory and reports it. `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const client = new MeterClient({ transport, customerLookup, outbox: indexedDbOutbox({ name: "meter" }) });
 * ```
 */
export const indexedDbOutbox = (options: IndexedDbOutboxOptions = {}): Outbox => {
  const { store, log } = outboxSettings(options);
  return logOutbox(indexedDbStore(store), log);
};
