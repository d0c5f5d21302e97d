import type { Account, Catalog, MeterError } from "@meter-lib/core";
import type { CheckedEvent } from "./check-page-event.ts";
import type { Emit } from "./page-emitter.ts";
import type { Ended, Entry } from "./page-entry.ts";
import type { DeadLetter } from "./page-events.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";
import type { PageReceipt } from "./page-receipt.ts";
import type { StartSession } from "./page-sessions.ts";
import type { Due } from "./pick-due.ts";

/** What an outbox works with. */
export interface PageOutboxParts {
  readonly options: PageMeterOptions<Catalog>;
  readonly emit: Emit;
  /** What this page recorded and has not seen settled, by event id. */
  readonly own: Map<string, Entry>;
  check(input: unknown): CheckedEvent;
  record(input: unknown): PageReceipt;
  /** Takes an event up. */
  add(entry: Entry): void;
  /** Counts an event in, or out: the outbox has it. */
  count(by: 1 | -1): void;
  refuse(entry: Entry, error: MeterError): void;
}

/** What keeps events and sessions beyond their page. */
export interface PageOutbox {
  /** Whether events wait that this page does not have. */
  hasMore(): boolean;
  /** Whether there is no room for so many bytes more, as far as this page knows. */
  isFull(bytes: number): boolean;
  /** Stores a new event before the task ends, and resolves its `durable`. */
  keep(entry: Entry): void;
  /** Gives `send` what `pick` takes of all that pages left. False when it does not work: what is in memory is to be sent. */
  drain(pick: (entries: Iterable<Entry>) => Due, send: (due: Due) => Promise<void>): Promise<boolean>;
  /** Notes, before it returns, that a page that is left has sent them. */
  leaving(entries: readonly Entry[]): void;
  /** @param untouched - certainly not taken by the relay */
  settle(ended: readonly Ended[], untouched: readonly Entry[]): Promise<void>;
  stats(volatile: Account): Promise<Account>;
  readonly startSession: StartSession;
  /** The page is hidden or left; with `isSleep` it is frozen, or goes into the back/forward cache. */
  leave(isSleep: boolean): void;
  /** The page is back. */
  wake(): void;
  /** What ended other than well. */
  letters(): Promise<readonly DeadLetter[] | undefined>;
  /** Has them sent again, those of the ids or all; answers how many. */
  redrive(event_ids: readonly string[] | undefined): Promise<number | undefined>;
  /** @param erase - throws away what is kept */
  close(erase: boolean): Promise<void>;
}
