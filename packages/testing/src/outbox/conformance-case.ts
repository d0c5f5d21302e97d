import type { LogOptions, Outbox, OutboxView, Store } from "@meter-lib/core/store";
import type { ForgetfulStore } from "./forgetful-store.ts";
import type { OpenedOutbox } from "./opened-outbox.ts";

type Awaitable<Value> = Value | Promise<Value>;

/** A place where outboxes under test are opened, empty at first. */
export interface OutboxPlace {
  /** Returns an outbox at this place, not opened yet. Called several times if durable; the outboxes are then used at the same time. */
  outbox(): Awaitable<Outbox>;
  /**
   * Returns an outbox at this place, not opened yet, that can end without `close()`, like a killed process or tab. Cases about dead owners
   * are skipped without it.
   */
  mortal?(): Awaitable<MortalOutbox>;
  /**
   * Returns the store below the outboxes of this place, not opened yet. Cases about an owner that loses its lock while alive are skipped
   * without it.
   */
  store?(): Awaitable<Store>;
  /** Returns a view of this place, not opened yet. @default `logView` over `store()` */
  view?(): Awaitable<OutboxView>;
  /** Removes the place. Its outboxes are already closed or killed. */
  dispose(): Awaitable<void>;
}

export interface MortalOutbox {
  readonly outbox: Outbox;
  /** Kills it at once. Resolves when it has ended. */
  kill(): Awaitable<void>;
}

/** The environment of a case. Everything it opens is closed at the end. */
export interface CaseContext {
  /** Closes what is open and begins at a new, empty place. */
  renew(): Promise<void>;
  open(): Promise<OpenedOutbox>;
  /** Opens a view beside the outboxes. */
  openView(): Promise<OutboxView>;
  openMortal(): Promise<{ readonly outbox: OpenedOutbox; kill(): Promise<void> }>;
  /** An outbox whose store loses its locks, like a frozen page, or the answer to a commit, on demand. */
  openForgetful(): Promise<
    Omit<ForgetfulStore, "store"> & { readonly outbox: OpenedOutbox; readonly store: Store }
  >;
}

export interface ConformanceCase {
  readonly name: string;
  /** `several`: more than one outbox at the place; `mortal`: some of them die; `store`: some lose their locks, or are read by a view. */
  readonly needs?: "several" | "mortal" | "store";
  readonly settings?: Partial<LogOptions>;
  readonly run: (context: CaseContext) => Promise<void>;
}
