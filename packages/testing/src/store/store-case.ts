import type { Store, StoreTransaction, TableName, Tables } from "@meter-lib/core/store";

type Awaitable<Value> = Value | Promise<Value>;

/** A place where stores under test are opened, empty at first. */
export interface StorePlace {
  /** Returns a store at this place, not opened yet. Called several times if durable; the stores are then used at the same time. */
  store(): Awaitable<Store>;
  /**
   * Takes a lock at this place in another process or page. Resolves when it is held. Cases about foreign locks are skipped without it.
   */
  lockElsewhere?(name: string): Awaitable<LockElsewhere>;
  /** Removes the place. Its stores are already closed. */
  dispose(): Awaitable<void>;
}

export interface LockElsewhere {
  /** Kills the process that holds the lock. Resolves when it has ended. */
  kill(): Awaitable<void>;
}

/** The environment of a case. Everything it opens is closed at the end. */
export interface StoreContext {
  /** Closes what is open and begins at a new, empty place. */
  renew(): Promise<void>;
  open(): Promise<Store>;
  close(store: Store): Promise<void>;
  lockElsewhere(name: string): Promise<LockElsewhere>;
}

export interface StoreCase {
  readonly name: string;
  /** `durable`: more than one store at the place, one after another or at once; `elsewhere`: another process takes locks. */
  readonly needs?: "durable" | "elsewhere";
  readonly run: (context: StoreContext) => Promise<void>;
}

/** Puts rows in a transaction of their own. */
export const putAll = async <Name extends TableName>(
  store: Store,
  table: Name,
  rows: Readonly<Record<string, Tables[Name]>>,
): Promise<void> => {
  await store.transact((tx) => {
    for (const [key, value] of Object.entries(rows)) tx.put(table, key, value);
  });
};

/** One row, read in a transaction of its own. */
export const getOne = <Name extends TableName>(store: Store, table: Name, key: string) =>
  store.transact((tx) => tx.get(table, key));

/** All rows of a table, read in a transaction of their own. */
export const allRows = <Name extends TableName>(store: Store, table: Name) =>
  store.transact((tx) => tx.range(table, {}));

/** Adds to a number that is stored; the answers are awaited one by one, so that others have their chance to come between. */
export const addTo = async (tx: StoreTransaction, key: string, amount: number): Promise<void> => {
  const [value = 0] = (await tx.get("accounts", key)) ?? [];
  await tx.range("accounts", { limit: 1 });
  tx.put("accounts", key, [value + amount]);
};
