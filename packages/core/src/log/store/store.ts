import type { Promisable } from "../../strategies/promisable.ts";
import type { ArrivalRow, TableName, Tables } from "./tables.ts";

/**
 * Where a log keeps its tables: transactions over ordered keys, and locks that end with their holder. A store knows nothing about events;
 * the log gives rows their meaning, the same over every store.
 *
 * If a promise rejects, or a call throws, nothing of a transaction was done; with {@link MayHaveCommitted}, that is unknown.
 */
export interface Store {
  /** For people: shown in errors and events. */
  readonly name: string;
  /** Whether a committed transaction survives the end of the process, and a power cut. */
  readonly durable: boolean;
  /** For a store in a database in which the application has transactions, too: events arrive with them, in the table `arrivals`. */
  readonly arrivals?: Arrivals | undefined;

  /**
   * Opens the store; creates it if it does not exist. Returns warnings for people, such as a damaged file that was set aside. Called again
   * after it failed.
   */
  open(): Promisable<readonly string[]>;

  /**
   * Runs `work` in one transaction with exclusive access: transactions of others, including other processes, come before or after it. If
   * `work` throws or its promise rejects, nothing of it is done. Never called while another transaction of this store is open. `work`
   * awaits nothing but the transaction's own results, and may be called again if a transaction did not end: a page was suspended in
   * between.
   */
  transact<Answer>(work: (tx: StoreTransaction) => Promisable<Answer>): Promisable<Answer>;

  /**
   * Takes the lock of this name until `release`, `close` or the end of the process, whichever comes first. Returns undefined if it is
   * taken, in this process or another.
   */
  lock(name: string): Promisable<StoreLock | undefined>;

  /** Whether the lock of this name is taken. Also called inside a transaction. */
  isLocked(name: string): Promisable<boolean>;

  /** Releases everything. Nothing is called afterwards. */
  close(): Promisable<void>;
}

/** An open transaction of the application, in the database of the outbox. A client of `pg` is one. */
export interface SqlTransaction {
  /** Runs one statement; `$1`, `$2` … are the values. Resolves with its rows, or with `{ rows }`. */
  query(text: string, values: unknown[]): PromiseLike<unknown>;
}

/** How events enter a store in the application's own transactions. */
export interface Arrivals {
  /** Adds events to a transaction, in one round trip. Rejects when the database does, or if the transaction has failed. */
  insert(tx: SqlTransaction, rows: readonly ArrivalRow[]): Promise<Insertion>;
  /** Calls `tell` whenever events may have arrived. */
  listen(tell: () => void): void;
}

export interface Insertion {
  /**
   * Whether the transaction was committed, once that is decided. Rejects when that can no longer be known: the store was closed, or the
   * server was replaced.
   */
  committed(): Promise<boolean>;
}

export interface StoreLock {
  /** False after it was lost without `release`: its file was removed, or a page was suspended. Must be cheap: called with each claim. */
  isHeld(): Promisable<boolean>;
  release(): Promisable<void>;
}

/** Values are JSON data. The caller of `put` never changes a value afterwards, so a store may keep the reference. */
export interface StoreTransaction {
  get<Name extends TableName>(table: Name, key: string): Promisable<Tables[Name] | undefined>;
  /** Announces rows that will be read one by one, so that a store behind a network can read them at once. */
  prefetch?(table: TableName, keys: readonly string[]): Promisable<void>;
  put<Name extends TableName>(table: Name, key: string, value: Tables[Name]): void;
  /** Does nothing if there is no such key. */
  delete(table: TableName, key: string): void;
  /** Rows by key, ascending unless `reverse`, including what this transaction has put. */
  range<Name extends TableName>(table: Name, range: KeyRange): Promisable<readonly StoreRow<Name>[]>;
}

export type StoreRow<Name extends TableName> = readonly [key: string, value: Tables[Name]];

export interface KeyRange {
  /** First key. @default the smallest */
  readonly from?: string | undefined;
  /** Keys before this one. @default all */
  readonly before?: string | undefined;
  /** Maximum number of rows. @default all */
  readonly limit?: number | undefined;
  /** From the last key on, descending. @default false */
  readonly reverse?: boolean | undefined;
}

/** Thrown by `transact` if the result of a commit did not come: it may be done or not. */
export class MayHaveCommitted extends Error {
  override readonly name = "MayHaveCommitted";
}
