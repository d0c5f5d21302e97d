import { type DiscardedEvent, type DiscardedQuery, readDiscarded } from "./discarded.ts";
import type { LogOptions } from "./log-options.ts";
import { logOutbox } from "./log-outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Store } from "./store.ts";

/** What can be asked of an outbox. */
export interface OutboxView
  extends Pick<
    Outbox,
    "name" | "open" | "accounts" | "list" | "ledger" | "ledgerIds" | "producers" | "close"
  > {
  /** What was given up and why, the newest first, as long as its identity is remembered. */
  discarded(query: DiscardedQuery): Promise<readonly DiscardedEvent[]>;
}

/** The log of a store, to look into. A log does what it always does: it is the store in which nothing that is put may arrive. */
export const logView = (store: Store, options: LogOptions): OutboxView => {
  const outbox = logOutbox(store, options);
  return {
    name: outbox.name,
    open: () => outbox.open(),
    accounts: () => outbox.accounts(),
    list: (query) => outbox.list(query),
    ledger: (range) => outbox.ledger(range),
    ledgerIds: (row) => outbox.ledgerIds(row),
    producers: () => outbox.producers(),
    discarded: async (query) => store.transact((tx) => readDiscarded(tx, query)),
    close: () => outbox.close(),
  };
};
