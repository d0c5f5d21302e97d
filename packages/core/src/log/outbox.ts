import type { Lane, UsageEvent } from "../event/usage-event.ts";
import type { Promisable } from "../strategies/promisable.ts";
import type { Accounts } from "./account.ts";
import type { Arrivals } from "./arrivals.ts";
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
import type { SessionAnswer, SessionChange } from "./outbox-session.ts";
import type { CustomerPairs, Piece, SegmentBody, SessionRow } from "./tables.ts";

/**
 * Keeps recorded events until they are acknowledged, and their accounts for ever.
 *
 * Events come in segments and are named by their places in them. Every event is *held* by one opened outbox (it alone may send it), or by
 * nobody. An owner that dies loses what it held to whoever claims next. Several owners may share one store.
 *
 * Calls are made one at a time. A promise that rejects means that nothing of the call was done; with `MayHaveCommitted`, that nobody
 * knows. Everything that goes in and comes out is plain data, so that an outbox may work in another thread.
 */
export interface Outbox {
  /** For people: shown in errors and events. */
  readonly name: string;
  /** Whether a committed event survives the end of the process. */
  readonly durable: boolean;
  /** How much may be pending. */
  readonly limits: OutboxLimits;
  /** The form in which it takes the events of a segment. @default "events" */
  readonly bodies?: "events" | "text";
  /** How events come with transactions of the application's own; they are taken in by `claim`. @default there is no such way */
  readonly arrivals?: Arrivals | undefined;

  /** Called before anything else; again after it failed. */
  open(): Promisable<OutboxOpening>;

  /** Carries out all changes in one transaction: endings first, then new segments, then leases, then sessions. */
  commit(changes: OutboxChanges): Promisable<OutboxCommit>;

  /**
   * Takes pending events that nobody holds, or whose owner is dead, and holds them: tenants in turns, oldest first within one, `live`
   * before `backfill`.
   */
  claim(request: ClaimRequest): Promisable<Claimed>;

  accounts(): Promisable<Accounts>;

  /** Events by key, oldest first. */
  list(query: OutboxQuery): Promisable<readonly OutboxRow[]>;

  /**
   * Takes dead letters and quarantined events up again: pending, held by nobody, as if never sent. Returns how many.
   * Sending a quarantined event again may count it twice; that is the caller's decision.
   */
  redrive(selection: OutboxSelection): Promisable<number>;

  /**
   * Gives dead letters and quarantined events up for good, counted as discarded. Returns how many. Their identities are remembered like
   * those of acknowledged events.
   */
  discard(selection: OutboxSelection, reason: string): Promisable<number>;

  /**
   * Takes a tenant out of the store. Its events that wait and its dead letters are discarded and counted so; what its events said, its
   * sessions and its ids are gone, so that a repeat of an erased event would count again. The sums by tenant, meter and hour stay until
   * their time is over. Events that a live owner has on their way are left alone: they are counted, or erased by another call.
   */
  erase(tenant_id: string, reason: string): Promisable<Erased>;

  /**
   * Takes acknowledgements back, in one transaction: what the receiver rejected later becomes a dead letter, and a quarantined event is
   * no longer in doubt. Returns what became of each, in order.
   */
  refute(refutations: readonly Refutation[]): Promisable<readonly RefutationState[]>;

  /** What was recorded, by tenant, meter and hour of event time: the own side of a reconciliation. */
  ledger(range: LedgerRange): Promisable<readonly LedgerRow[]>;

  /** The ids behind one row of the ledger, as far as they are still kept. */
  ledgerIds(row: LedgerKey): Promisable<readonly LedgerId[]>;

  /** Which numbers were given to events, so that a receiver's gaps can be told from events that never left. */
  producers(): Promisable<readonly ProducerRow[]>;

  /** Open sessions whose owners are all dead, now held by this outbox. */
  claimSessions(): Promisable<readonly SessionRow[]>;

  /**
   * Lets go of everything held. A volatile outbox counts what is still pending as lost, and still answers `accounts()`; else nothing is
   * called afterwards.
   */
  close(): Promisable<void>;
}

/** What `erase()` did. */
export interface Erased {
  /** Events that are discarded now: they waited, or were dead letters. */
  readonly events: number;
  /** Events that are on their way just now, and were left alone. */
  readonly onTheirWay: number;
  /** Sessions that were open. */
  readonly sessions: number;
}

/** A receiver's word that it does not count an event after all. */
export interface Refutation {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly reason: string;
  /** What was recorded, for when the outbox has not kept it. */
  readonly event?: UsageEvent | undefined;
}

/**
 * - `refuted`: it is a dead letter now, with its content
 * - `repeat`: it is a dead letter or discarded already; nothing done
 * - `waiting`: it is on its way still, so nothing can be taken back yet; nothing done
 * - `no_content`: it was acknowledged, but its content is kept nowhere and was not given; nothing done
 * - `conflict`: the content that was given is that of another event; nothing done
 * - `unknown`: no such event is remembered; nothing done
 */
export type RefutationState = "refuted" | "repeat" | "waiting" | "no_content" | "conflict" | "unknown";

/** By count and by bytes, what is on the way included. */
export interface OutboxLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface OutboxOpening {
  /** Pending in the store, whoever holds it. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** In words, when something about the store deserves a person's look: a damaged file was set aside. */
  readonly warnings: readonly string[];
}

/** Every list may be empty; an event stands in one of them at most, but for one that is appended and leased at once. */
export interface OutboxChanges {
  /** The clock's time of the transaction. */
  readonly now: number;
  readonly end: readonly Ending[];
  /** Back from a transport, pending as before, with what is known of them now. */
  readonly release: readonly Lease[];
  /** Held no more: still pending, for whoever claims next. */
  readonly spill: readonly Span[];
  readonly append: readonly NewSegment[];
  /** About to be sent: customers, attempts and first time of sending are stored before bytes leave. */
  readonly lease: readonly Lease[];
  readonly sessions: readonly SessionChange[];
}

/** Events next to each other in one segment. */
export interface Span {
  /** The segment's id. */
  readonly segment: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface Lease extends Span {
  readonly attempts: number;
  readonly first_sent_at: number | undefined;
  /** The customer of each tenant in it. */
  readonly customers?: CustomerPairs | undefined;
}

export interface Ending extends Span {
  readonly state: "acknowledged" | "rejected" | "quarantined";
  /** What ends: each meter and hour once. */
  readonly sums: readonly HourSums[];
  readonly bytes: number;
  /** Of `rejected` and `quarantined`. */
  readonly reason?: string | undefined;
  readonly status?: number | undefined;
}

/** Events of one meter in one hour, by tenant. A column for each figure: a segment may be of hundreds of tenants. */
export interface HourSums {
  readonly meter_id: string;
  /** Start of the hour in UTC, in milliseconds since the epoch. */
  readonly hour: number;
  readonly tenants: readonly string[];
  readonly events: readonly number[];
  /** Sums of `total_usage`. */
  readonly usage: readonly number[];
}

/** What an event counts for. */
export interface LedgerCell {
  readonly tenant_id: string;
  readonly meter_id: string;
  readonly hour: number;
}

/** At most {@link MAX_SEGMENT_EVENTS} events. */
export interface NewSegment {
  readonly count: number;
  readonly bytes: number;
  readonly lane: Lane;
  /** Empty where the events are of several tenants. */
  readonly tenant_id: string;
  readonly body: SegmentBody;
  /** Each meter and hour once. */
  readonly sums: readonly HourSums[];
  /**
   * Where each event is in the sums: 1,024 times the place in `sums`, plus the place among the tenants. Left out where all are of one
   * meter and hour, and of one tenant or each of its own.
   */
  readonly sum_of?: readonly number[] | undefined;
  readonly ids: readonly string[];
  /** Those whose ids callers gave: they may have been recorded before. */
  readonly given: readonly GivenId[];
  /** When the earliest of the other ids was made; none was made more than {@link MAX_IDS_SPAN_MS} later. */
  readonly ids_since: number;
  /** Whether this owner keeps it in memory and will send it; else anybody may claim it. */
  readonly hold: boolean;
  /** Whether it may be sent although nobody can say if its ids were recorded before: its receivers deduplicate. @default false */
  readonly mayGoUnchecked?: boolean | undefined;
  /**
   * Whether a commit with it was made before and nobody knows how that ended: all ids are in `given`, and what is found is let go of.
   * @default false
   */
  readonly again?: boolean | undefined;
}

export const MAX_SEGMENT_EVENTS = 1_000;
export const MAX_IDS_SPAN_MS = 1_000;

export interface GivenId {
  readonly index: number;
  /** See `contentMark`; without the time, where the caller gave none. */
  readonly mark: string;
}

export interface OutboxCommit {
  /** For each new segment, in order. */
  readonly appended: readonly Appended[];
  /** For each session change, in order: whether it took effect. */
  readonly sessions: readonly SessionAnswer[];
  /**
   * Events that this owner lost to another one meanwhile (its page was frozen, its lock removed): nothing was done to them, and they
   * are no longer its to send.
   */
  readonly taken: readonly Span[];
  /** Pending in the store after the transaction, whoever holds it. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** In words, what deserves a person's look. */
  readonly warnings: readonly string[];
  /** What could not be done because the outbox fails at the moment, though the commit was. @default nothing */
  readonly undone?: Undone | undefined;
}

/** Parts of changes that were not made: the very objects that were given. */
export interface Undone extends Pick<OutboxChanges, "end" | "release" | "spill" | "lease"> {
  /** Whether the changes of sessions are among them. */
  readonly sessions: boolean;
}

/** What became of a new segment. Its events that are no exceptions were recorded, and moved up: keys and numbers have no gaps. */
export interface Appended {
  /** The segment's id. */
  readonly segment: string;
  /** Of the first recorded event. */
  readonly key: number;
  readonly first_seq: number;
  /** Random id of the opened outbox that recorded it. */
  readonly producer: string;
  /** Whether it is in memory only, because the outbox that it was meant for fails. @default false */
  readonly volatile?: boolean | undefined;
  /**
   * Whether nobody knows if it was stored: it is not to be sent. It is stored again, or found, when the outbox works, and comes with a
   * claim. @default false
   */
  readonly unknown?: boolean | undefined;
  /** By index in the segment as it was given, ascending. */
  readonly exceptions: readonly AppendException[];
}

/**
 * - `repeat`: the identity is here with the same content, in `where`; nothing stored
 * - `conflict`: the identity is here with other content; nothing stored
 * - `full`: no room; nothing stored
 * - `unchecked`: the outbox fails, so nobody can say whether the identity is here; nothing stored
 */
export type AppendException =
  | { readonly index: number; readonly state: "repeat"; readonly where: RowState | EndState }
  | { readonly index: number; readonly state: "conflict" | "full" | "unchecked" };

export interface ClaimRequest {
  readonly now: number;
  /** Tenants whose events are to be left alone: their customer is not known. */
  readonly skipTenants: readonly string[];
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface Claimed {
  readonly segments: readonly ClaimedSegment[];
  /** Whether events are left that may be claimed, those of skipped tenants not counted. */
  readonly more: boolean;
  /** As in {@link OutboxCommit}. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  readonly warnings: readonly string[];
}

/** Events of one tenant, in the form of `bodies`. */
export interface ClaimedSegment {
  readonly id: string;
  readonly key: number;
  readonly first_seq: number;
  readonly producer: string;
  readonly lane: Lane;
  readonly tenant_id: string;
  readonly body: SegmentBody;
  readonly recorded_at: number;
  readonly customer_id: string | undefined;
  readonly pieces: readonly Piece[];
}
