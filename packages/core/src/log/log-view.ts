import { type DiscardedEvent, type DiscardedQuery, readDiscarded } from "./accounts/discarded.ts";
import { type GivenEvent, type Recognition, recognize } from "./identities/recognize.ts";
import { logOutbox } from "./log-outbox.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { type ArrivedEvent, type ArrivedQuery, readArrived } from "./segments/arrived.ts";
import type { Store, StoreTransaction } from "./store/store.ts";
import type { LogOptions } from "./transaction/log-options.ts";
import { LogTransaction } from "./transaction/log-transaction.ts";

/** Queries of an outbox. */
export interface OutboxView
  extends Pick<
    Outbox,
    "name" | "open" | "accounts" | "list" | "ledger" | "ledgerIds" | "producers" | "close"
  > {
  /** What came with committed transactions and is not claimed yet, oldest first. Empty for an outbox without transactions. */
  arrived(query: ArrivedQuery): Promise<readonly ArrivedEvent[]>;
  /** What was discarded and why, newest first, as long as its identity is remembered. */
  discarded(query: DiscardedQuery): Promise<readonly DiscardedEvent[]>;
  /** For each event, in order: what recording it now would come to. Events of one call are not compared with each other. */
  recognize(events: readonly GivenEvent[]): Promise<readonly Recognition[]>;
}

/** Reads the log of a store. Everything runs as usual, but all writes are discarded. */
export const logView = (store: Omit<Store, "lock" | "isLocked">, options: LogOptions): OutboxView => {
  const readOnly = withoutWrites(store);
  const outbox = logOutbox(readOnly, options);
  return {
    name: outbox.name,
    open: () => outbox.open(),
    accounts: () => outbox.accounts(),
    list: (query) => outbox.list(query),
    ledger: (range) => outbox.ledger(range),
    ledgerIds: (row) => outbox.ledgerIds(row),
    producers: () => outbox.producers(),
    arrived: async (query) => readOnly.transact((tx) => readArrived(tx, query)),
    discarded: async (query) => readOnly.transact((tx) => readDiscarded(tx, query)),
    recognize: async (events) =>
      readOnly.transact(async (tx) =>
        recognize(await LogTransaction.begin(tx, Date.now(), options, store.durable), events),
      ),
    close: () => outbox.close(),
  };
};

const withoutWrites = (store: Omit<Store, "lock" | "isLocked">): Store => ({
  name: store.name,
  durable: store.durable,
  open: () => store.open(),
  transact: (work) => store.transact((tx) => work(reading(tx))),
  // It owns nothing, and nobody knows of it.
  lock: () => ({ isHeld: () => true, release: () => {} }),
  isLocked: () => true,
  close: () => store.close(),
});

const reading = (tx: StoreTransaction): StoreTransaction => ({
  get: (table, key) => tx.get(table, key),
  prefetch: (table, keys) => tx.prefetch?.(table, keys),
  put: () => {},
  delete: () => {},
  range: (table, range) => tx.range(table, range),
});
