import type {
  Account,
  Catalog,
  DrainOptions,
  EventInput,
  LitewaveCatalog,
  MeterError,
  MeterId,
  PerformanceMeterId,
  Session,
  SessionInput,
  SessionOptions,
  TimeOptions,
} from "@meter-lib/core";
import type { DeadLetter, PageEvents, PageHealth } from "./delivery/page-events.ts";
import type { PageCloseOptions, PageClosing, PageReceipt } from "./delivery/page-receipt.ts";

type Known = "tenant_id" | "device_id";

/** The client of a page: records into its outbox or memory, and delivers to its relay. */
export interface PageMeter<C extends Catalog = LitewaveCatalog> {
  /** Type-level only: a client of one catalog is not assignable to a client of another. */
  readonly "~catalog"?: C;

  /**
   * Records one event and returns its receipt at once. The event is delivered in the background and counted once. Its id, time and fields
   * are frozen here. Does not throw for what happens to the event: if it is invalid or there is no room, the promises of the receipt say
   * so.
   */
  record<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Known, Id, N>,
  ): PageReceipt;

  /** Checks an event without recording it. Returns the error with which `record()` would refuse it, or undefined. */
  check(event: unknown): MeterError | undefined;

  /**
   * Starts a session: records the start boundary now, and the end boundary on `end()` or at the end of an `await using` block. With a
   * database, all pages share the session of a meter unless the scope is `process`, and a reload continues it.
   */
  startSession<const Id extends PerformanceMeterId<C>>(
    session: SessionInput<C, Known, Id>,
    options?: SessionOptions,
  ): Promise<Session>;

  /** Measures one call: runs `work`, then records its start and end times. Returns or throws what `work` does. */
  time<const Id extends PerformanceMeterId<C>, Value>(
    event: SessionInput<C, Known, Id>,
    work: () => Value | PromiseLike<Value>,
    options?: TimeOptions,
  ): Promise<Value>;

  /** Returns the accounts over the life of the database, including events that are not in it. */
  stats(): Promise<Account>;

  /** Returns the current state of delivery. */
  health(): PageHealth;

  /** Returns the dead letters in the database: the last 1,000 rejected or quarantined events. Empty without a database. */
  list(): Promise<readonly DeadLetter[]>;

  /**
   * Redrives dead letters, all of them or those with the given ids; resolves with their number. A quarantined event may have been counted,
   * so check first.
   */
  redrive(event_ids?: readonly string[]): Promise<number>;

  /** Registers `handler` for an event; the returned function removes it. A handler that throws does not affect delivery. */
  on<Name extends keyof PageEvents>(name: Name, handler: (payload: PageEvents[Name]) => void): () => void;

  /** Retries at once everything that waits. */
  retryNow(): void;

  /** Sends pending events before this call returns. The client does so by itself when the page is hidden or left. */
  sendNow(): void;

  /**
   * Sends pending events without waiting for batches to fill. Resolves with true when everything is settled, with false if that takes
   * longer.
   */
  flush(options?: DrainOptions): Promise<boolean>;

  /** Stops recording and delivers what it can. Every call returns the same promise. */
  close(options?: PageCloseOptions): Promise<PageClosing>;

  [Symbol.asyncDispose](): Promise<void>;
}
