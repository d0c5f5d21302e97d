import type { LogOptions, Outbox, Store } from "@meter-lib/core/store";
import type { ForgetfulStore } from "./forgetful-store.ts";
import type { OpenedOutbox } from "./opened-outbox.ts";

type Awaitable<Value> = Value | Promise<Value>;

/** A place for outboxes to be tested, empty at first. */
export interface OutboxPlace {
  /** An outbox at this place, not opened yet. For a durable one, this is called several times; the outboxes are used side by side. */
  outbox(): Awaitable<Outbox>;
  /**
   * An outbox at this place that can be ended without `close()`, as a killed process or tab ends; not opened yet. The cases about
   * dead owners are run only where this is given.
   */
  mortal?(): Awaitable<MortalOutbox>;
  /**
   * The store that the outboxes of this place stand on, not opened yet. The cases about an owner that loses its lock while it lives are
   * run only where this is given.
   */
  store?(): Awaitable<Store>;
  /** Removes the place. Its outboxes are closed, or killed. */
  dispose(): Awaitable<void>;
}

export interface MortalOutbox {
  readonly outbox: Outbox;
  /** Ends it at once. Resolves when it has ended. */
  kill(): Awaitable<void>;
}

/** What a case works with. Everything opened is closed at its end. */
export interface CaseContext {
  /** Closes what is open and begins at a new, empty place. */
  renew(): Promise<void>;
  open(): Promise<OpenedOutbox>;
  openMortal(): Promise<{ readonly outbox: OpenedOutbox; kill(): Promise<void> }>;
  /** An outbox whose store loses what it is told to lose: its locks, as a page that is frozen, or the answer to a commit. */
  openForgetful(): Promise<
    Omit<ForgetfulStore, "store"> & { readonly outbox: OpenedOutbox; readonly store: Store }
  >;
}

export interface ConformanceCase {
  readonly name: string;
  /** `several`: more than one outbox at the place; `mortal`: some of them die; `store`: some lose their locks. */
  readonly needs?: "several" | "mortal" | "store";
  readonly settings?: Partial<LogOptions>;
  readonly run: (context: CaseContext) => Promise<void>;
}
