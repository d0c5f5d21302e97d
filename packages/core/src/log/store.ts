import type { Promisable } from "../strategies/promisable.ts";
import type { Arrivals } from "./arrivals.ts";
import type { TableName, Tables } from "./tables.ts";

/**
 * Where a log keeps its tables: transactions over ordered keys, and locks that end with whoever has them. It knows nothing of events;
 * what they mean is the log's, the same over every store.
 *
 * A promise that rejects, or a throw, means that nothing of a transaction was done, or, with {@link MayHaveCommitted}, that nobody
 * knows.
 */
export interface Store {
  /** For people: shown in errors and events. */
  readonly name: string;
  /** Whether a committed transaction survives the end of the process, and a power cut. */
  readonly durable: boolean;
  /** Of a store in a database that the application has transactions in, too: events come with them, into the table `arrivals`. */
  readonly arrivals?: Arrivals | undefined;

  /**
   * Opens the store; creates it where there is none. Returns, in words, what deserves a person's look: a damaged file that was set
   * aside. Called again after it failed.
   */
  open(): Promisable<readonly string[]>;

  /**
   * Runs `work` in one transaction that has the store to itself: everybody else's transactions come before or after it, those of other
   * processes too. When `work` throws, or its promise rejects, nothing of it is done. Never called while another of this store's
   * transactions is open. `work` awaits nothing but the transaction's own answers, and may be called again when a transaction did not
   * come to its end: a page slept meanwhile.
   */
  transact<Answer>(work: (tx: StoreTransaction) => Promisable<Answer>): Promisable<Answer>;

  /**
   * Takes the lock of this name until `release`, `close` or the end of the process, whichever comes first. Undefined when another has
   * it, in this process or in another one.
   */
  lock(name: string): Promisable<StoreLock | undefined>;

  /** Whether somebody has the lock of this name. Called inside of a transaction, too. */
  isLocked(name: string): Promisable<boolean>;

  /** Lets go of everything. Nothing is called afterwards. */
  close(): Promisable<void>;
}

export interface StoreLock {
  /** False once it was lost without `release`: its file was removed, a page slept. Cheap: asked with each claim. */
  isHeld(): Promisable<boolean>;
  release(): Promisable<void>;
}

/** Values are JSON data. Whoever puts one never changes it afterwards, so a store may keep the reference. */
export interface StoreTransaction {
  get<Name extends TableName>(table: Name, key: string): Promisable<Tables[Name] | undefined>;
  /** Told which rows will be asked for one by one, where it is worth it to read them at once: over a network. */
  prefetch?(table: TableName, keys: readonly string[]): Promisable<void>;
  put<Name extends TableName>(table: Name, key: string, value: Tables[Name]): void;
  /** Does nothing where there is no such key. */
  delete(table: TableName, key: string): void;
  /** Rows by key, ascending unless `reverse`; what the transaction itself has put is among them. */
  range<Name extends TableName>(table: Name, range: KeyRange): Promisable<readonly StoreRow<Name>[]>;
}

export type StoreRow<Name extends TableName> = readonly [key: string, value: Tables[Name]];

export interface KeyRange {
  /** First key. @default the smallest */
  readonly from?: string | undefined;
  /** Keys before this one. @default all */
  readonly before?: string | undefined;
  /** Most rows. @default all */
  readonly limit?: number | undefined;
  /** From the last key on, descending. @default false */
  readonly reverse?: boolean | undefined;
}

/** Thrown by `transact` when the commit was on its way and its answer did not come: it may be done, or not. */
export class MayHaveCommitted extends Error {
  override readonly name = "MayHaveCommitted";
}
