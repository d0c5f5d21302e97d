import type { Account, Catalog, MeterError } from "@meter-lib/core";
import type { CheckedEvent } from "../event/check-page-event.ts";
import type { PageMeterOptions } from "../page-meter-options.ts";
import type { StartSession } from "../sessions/page-sessions.ts";
import type { Emit } from "./page-emitter.ts";
import type { Ended, Entry } from "./page-entry.ts";
import type { DeadLetter } from "./page-events.ts";
import type { PageReceipt } from "./page-receipt.ts";
import type { Due } from "./pick-due.ts";

/** What an outbox works with. */
export interface PageOutboxParts {
  readonly options: PageMeterOptions<Catalog>;
  readonly emit: Emit;
  /** Events that this page recorded and has not seen settled, by event id. */
  readonly own: Map<string, Entry>;
  check(input: unknown): CheckedEvent;
  record(input: unknown): PageReceipt;
  /** Adds an event. */
  add(entry: Entry): void;
  /** Counts an event in or out of the outbox. */
  count(by: 1 | -1): void;
  refuse(entry: Entry, error: MeterError): void;
}

/** Keeps events and sessions beyond their page. */
export interface PageOutbox {
  /** Whether there are events that this page does not have. */
  hasMore(): boolean;
  /** Whether there is no room for this many bytes, as far as this page knows. */
  isFull(bytes: number): boolean;
  /** Stores a new event before the task ends, and resolves its `durable`. */
  keep(entry: Entry): void;
  /**
   * Passes to `send` what `pick` selects from the events of all closed pages. Returns false if the database fails; then send what is in
   * memory.
   */
  drain(pick: (entries: Iterable<Entry>) => Due, send: (due: Due) => Promise<void>): Promise<boolean>;
  /** Records, before it returns, that a closing page has sent them. */
  leaving(entries: readonly Entry[]): void;
  /** @param again - to be sent again; those without `sent_at` were certainly not accepted by the relay */
  settle(ended: readonly Ended[], again: readonly Entry[]): Promise<void>;
  stats(volatile: Account): Promise<Account>;
  readonly startSession: StartSession;
  /** The page is hidden or left; with `isSleep` it is frozen, or enters the back/forward cache. */
  leave(isSleep: boolean): void;
  /** The page is visible again. */
  wake(): void;
  /** Events that were not acknowledged. */
  letters(): Promise<readonly DeadLetter[] | undefined>;
  /** Redrives those with the ids, or all; returns their number. */
  redrive(event_ids: readonly string[] | undefined): Promise<number | undefined>;
  /** @param erase - deletes what is stored */
  close(erase: boolean): Promise<void>;
}
