import type { Outbox, OutboxLimits } from "@meter-lib/core";
import type { OpenedOutbox } from "./opened-outbox.ts";

type Awaitable<Value> = Value | Promise<Value>;

/** A store to be tested, empty, in a place of its own. */
export interface OutboxStore {
  /** An outbox on this store, not opened yet. For a durable store this is called several times; the outboxes are used side by side. */
  outbox(): Awaitable<Outbox>;
  /**
   * An outbox on this store that can be ended without `close()`, as a killed process or tab ends; not opened yet. The cases about
   * dead owners are run only where this is given.
   */
  mortal?(): Awaitable<MortalOutbox>;
  /** Removes the store. Its outboxes may still be open. */
  dispose(): Awaitable<void>;
}

export interface MortalOutbox {
  readonly outbox: Outbox;
  /** Ends it at once. Resolves when it has ended. */
  kill(): Awaitable<void>;
}

/** What a case may ask of the store that is made for it. */
export interface StoreSettings {
  /** Left out: the outbox's own. */
  readonly limits?: OutboxLimits;
}

/** What a case works with. Everything opened is closed at its end. */
export interface CaseContext {
  /** Closes what is open and begins with a new, empty store. */
  renew(): Promise<void>;
  open(): Promise<OpenedOutbox>;
  openMortal(): Promise<{ readonly outbox: OpenedOutbox; kill(): Promise<void> }>;
}

export interface ConformanceCase {
  readonly name: string;
  /** `several`: more than one outbox on the store; `mortal`: some of them die. */
  readonly needs?: "several" | "mortal";
  readonly settings?: StoreSettings;
  readonly run: (context: CaseContext) => Promise<void>;
}
