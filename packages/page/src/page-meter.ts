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
import type { DeadLetter, PageEvents, PageHealth } from "./page-events.ts";
import type { PageCloseOptions, PageClosing, PageReceipt } from "./page-receipt.ts";

type Known = "tenant_id" | "device_id";

/** The client of a page: records into its outbox or its memory, delivers to its relay. */
export interface PageMeter<C extends Catalog = LitewaveCatalog> {
  /** For the compiler alone: a client of one catalog is no client of another. */
  readonly "~catalog"?: C;

  /**
   * Records one event and answers at once; it is delivered in the background, counted once. Id, time and fields are frozen here. It
   * never throws for what happens to the event: one that is invalid or finds no room has a receipt whose promises say so.
   */
  record<const Id extends MeterId<C>, const N extends number = number>(
    event: EventInput<C, Known, Id, N>,
  ): PageReceipt;

  /** What `record()` would refuse this event for. Undefined for an event that it takes. */
  check(event: unknown): MeterError | undefined;

  /**
   * Starts a session: the start boundary is recorded now, the end boundary with `end()` or at the end of an `await using` block. With a
   * database all pages are in one session of a meter, unless the scope is `process`, and a reload goes on with it.
   */
  startSession<const Id extends PerformanceMeterId<C>>(
    session: SessionInput<C, Known, Id>,
    options?: SessionOptions,
  ): Promise<Session>;

  /** Measures one call: runs `work`, then records its start and end times. Answers, or throws, what `work` does. */
  time<const Id extends PerformanceMeterId<C>, Value>(
    event: SessionInput<C, Known, Id>,
    work: () => Value | PromiseLike<Value>,
    options?: TimeOptions,
  ): Promise<Value>;

  /** The accounts over the life of the database, with what it does not have. */
  stats(): Promise<Account>;

  /** How delivery stands at the moment. */
  health(): PageHealth;

  /** The dead letters that the database keeps: the last 1,000 rejected or quarantined events. Without a database there are none. */
  list(): Promise<readonly DeadLetter[]>;

  /**
   * Has dead letters sent again, all of them unless ids are given; resolves with how many. A quarantined one may have been counted: look
   * first.
   */
  redrive(event_ids?: readonly string[]): Promise<number>;

  /** Calls `handler` whenever it happens; the returned function ends that. A handler that throws breaks nothing. */
  on<Name extends keyof PageEvents>(name: Name, handler: (payload: PageEvents[Name]) => void): () => void;

  /** Tries everything at once that waits. */
  retryNow(): void;

  /** Sends what waits before this call returns. The client does it by itself when the page is hidden or left. */
  sendNow(): void;

  /** Sends what waits without waiting for batches to fill. True when everything is settled, false when that takes longer. */
  flush(options?: DrainOptions): Promise<boolean>;

  /** Records no more and delivers what it can. Every call answers the same promise. */
  close(options?: PageCloseOptions): Promise<PageClosing>;

  [Symbol.asyncDispose](): Promise<void>;
}
