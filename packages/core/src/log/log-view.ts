import { type DiscardedEvent, type DiscardedQuery, readDiscarded } from "./discarded.ts";
import type { LogOptions } from "./log-options.ts";
import { logOutbox } from "./log-outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Store } from "./store.ts";

/** Queries of an outbox. */
export interface OutboxView
  extends Pick<
    Outbox,
    "name" | "open" | "accounts" | "list" | "ledger" | "ledgerIds" | "producers" | "close"
  > {
  /** What was discarded and why, newest first, as long as its identity is remembered. */
  discarded(query: DiscardedQuery): Promise<readonly DiscardedEvent[]>;
}

/** Reads the log of a store. Everything runs as usual, but the store discards all writes. */
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
