import type { Account, SettledOutcome } from "@meter-lib/core";
import type { Entry } from "./page-entry.ts";
import type { StartSession } from "./page-sessions.ts";

/** What keeps events and sessions beyond their page. */
export interface PageKeeper {
  /** Whether events wait that this page does not have. */
  readonly hasMore: boolean;
  /** Stores a new event, and resolves its `durable`. */
  keep(entry: Entry): void;
  /** Sends a batch of what all pages left. False when it does not work: what is in memory is to be sent. */
  drain(token: string | undefined, maxEvents: number): Promise<boolean>;
  /** Whether a page that is left may send the event, though there is no time to write that down. */
  mayLeave(entry: Entry): boolean;
  /** @param untouched - certainly not processed */
  settle(ended: readonly (readonly [Entry, SettledOutcome])[], untouched: readonly Entry[]): Promise<void>;
  stats(volatile: Account): Promise<Account>;
  readonly startSession: StartSession;
  /** The page is hidden or left; with `isSleep` it is frozen, or goes into the back/forward cache. */
  leave(isSleep: boolean): void;
  /** The page is back. */
  wake(): void;
  close(): Promise<void>;
}
