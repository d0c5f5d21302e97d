import type { Accounts } from "../delivery/account.ts";
import type { EventRecord } from "../event/event-record.ts";
import type {
  EndState,
  LedgerId,
  LedgerKey,
  LedgerRange,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
  RowState,
} from "./outbox-query.ts";
import type { SessionAnswer, SessionChange, SessionRow } from "./outbox-session.ts";
import type { Promisable } from "./promisable.ts";

/**
 * Keeps recorded events until they are acknowledged, and their accounts for ever.
 *
 * An outbox is a set of rows and a transaction. Every row is *held* by one opened outbox (it alone may send the event),
 * or by nobody. An owner that dies loses its rows to whoever claims next. Several owners may share one store.
 *
 * `commit` and `claim` are called one at a time. A rejected promise means that nothing of the call was done.
 */
export interface Outbox {
  /** For people: shown in errors and events. */
  readonly name: string;
  /** Whether a committed event survives the end of the process. */
  readonly durable: boolean;
  /** How much may be pending. */
  readonly limits: OutboxLimits;

  /** Called once, before anything else. */
  open(): Promisable<OutboxOpening>;

  /** Carries out all changes in one transaction: settlements first, then appends, then leases, then sessions. */
  commit(changes: OutboxChanges): Promisable<OutboxCommit>;

  /**
   * Takes pending rows that nobody holds, or whose owner is dead, and holds them: round robin over tenants, oldest first
   * within one, `live` before `backfill`.
   */
  claim(request: ClaimRequest): Promisable<Claimed>;

  accounts(): Promisable<Accounts>;

  /** Rows in a state, oldest first. */
  list(query: OutboxQuery): Promisable<readonly OutboxRow[]>;

  /**
   * Takes dead letters and quarantined events up again: pending, held by nobody, as if never sent. Answers how many.
   * Sending a quarantined event again may count it twice; that is the caller's decision.
   */
  redrive(selection: OutboxSelection): Promisable<number>;

  /**
   * Gives dead letters and quarantined events up for good, counted as discarded. Answers how many. Their identities stay as
   * tombstones, like those of acknowledged events.
   */
  discard(selection: OutboxSelection, reason: string): Promisable<number>;

  /** What was recorded, by tenant, meter and hour of event time: the own side of a reconciliation. */
  ledger(range: LedgerRange): Promisable<readonly LedgerRow[]>;

  /** The ids behind one row of the ledger, as far as they are still kept. */
  ledgerIds(row: LedgerKey): Promisable<readonly LedgerId[]>;

  /**
   * Which numbers were given to events, so that a receiver's gaps can be told from events that never left. Left out by an outbox that
   * forgets its producers.
   */
  producers?(): Promisable<readonly ProducerRow[]>;

  /** Open sessions whose owners are all dead, now held by this outbox. */
  claimSessions(): Promisable<readonly SessionRow[]>;

  /**
   * Lets go of everything held. A volatile outbox counts what is still pending as lost, and still answers `accounts()`; else
   * nothing is called afterwards.
   */
  close(): Promisable<void>;
}

/** By count and by bytes, what is on the way included. */
export interface OutboxLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface OutboxOpening {
  /** Random id of this opened outbox; the events it records are numbered within it. */
  readonly producer: string;
  /** Pending rows in the store, whoever holds them. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** In words, when something about the store deserves a person's look: a corrupt file was set aside. */
  readonly warnings: readonly string[];
}

/** Every list may be empty; an event stands in one of them at most. */
export interface OutboxChanges {
  /** The clock's time of the transaction. */
  readonly now: number;
  /** The receiver has them: the rows go, the identities stay as tombstones. */
  readonly acknowledge: readonly EventRecord[];
  /** Not on the way any more, still pending; `firstSentAt` and `attempts` as in the record. */
  readonly release: readonly EventRecord[];
  /** Pending no more, kept with the reason. */
  readonly bury: readonly Burial[];
  /** New events. Allocates `seq`. Where `mayBeRepeat` is false, the identity is certainly new. */
  readonly append: readonly Append[];
  /** About to be sent: customer, attempts and first time of sending are stored before bytes leave. */
  readonly lease: readonly EventRecord[];
  readonly sessions: readonly SessionChange[];
  /** Held rows to let go: still pending, for whoever claims next. */
  readonly unhold: readonly EventRecord[];
}

export interface Append {
  readonly event: EventRecord;
  /** Whether this owner keeps it in memory and will send it; else anybody may claim it. */
  readonly hold: boolean;
}

export interface Burial {
  readonly event: EventRecord;
  readonly state: "rejected" | "quarantined";
  readonly reason: string;
  readonly status: number | undefined;
}

export interface OutboxCommit {
  /** For each append, in order. */
  readonly appended: readonly Appended[];
  /** For each session change, in order: whether it took effect. */
  readonly sessions: readonly SessionAnswer[];
  /**
   * Events to be leased that this owner lost to another one meanwhile (its page was frozen): they were not leased, and are no
   * longer its to send.
   * @default none
   */
  readonly taken?: readonly EventRecord[];
  /** Pending rows in the store after the transaction, whoever holds them. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
}

/**
 * - `recorded`: stored, under `key` and `seq`
 * - `repeat`: the identity is here with the same content, in `where`; nothing stored
 * - `conflict`: the identity is here with other content; nothing stored
 * - `full`: no room; nothing stored
 */
export type Appended =
  | { readonly state: "recorded"; readonly key: number; readonly seq: number }
  | { readonly state: "repeat"; readonly where: RowState | EndState }
  | { readonly state: "conflict" }
  | { readonly state: "full" };

export interface ClaimRequest {
  readonly now: number;
  /** Tenants whose rows are to be left alone: their customer is not known. */
  readonly skipTenants: readonly string[];
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface Claimed {
  /** With `key`, `attempts`, `firstSentAt`, `customer_id` as stored. One that may have been sent has `firstSentAt`. */
  readonly events: readonly EventRecord[];
  /** Whether rows are left that may be claimed, those of skipped tenants not counted. */
  readonly more: boolean;
}
