import { logOutbox, type Outbox } from "@meter-lib/core/store";
import { type IndexedDbOutboxOptions, outboxSettings } from "./indexed-db-outbox-options.ts";
import { indexedDbStore } from "./indexed-db-store.ts";

/**
 * A durable outbox in IndexedDB. A committed event survives the end of the page and of the browser. All pages and workers of an origin
 * may use it together; what a closed, dead or frozen one held is taken over by the next that claims.
 *
 * Calls reject with a {@link MeterError} while the database does not work (`outbox_failed`: no IndexedDB, blocked by an older page) or is
 * full (`no_room`); a client then keeps events in memory and says so. `closed` after `close()`.
 *
 * @throws MeterError `invalid_options`
 */
export const indexedDbOutbox = (options: IndexedDbOutboxOptions = {}): Outbox => {
  const { store, log } = outboxSettings(options);
  return logOutbox(indexedDbStore(store), log);
};
