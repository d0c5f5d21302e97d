import type { Lane, UsageEvent } from "../../event/usage-event.ts";
import type { Promisable } from "../../strategies/promisable.ts";
import type { SegmentIds } from "../store/id-list.ts";
import type { Arrivals } from "../store/store.ts";
import type { CustomerPairs, Piece, SegmentBody, SessionRow } from "../store/tables.ts";
import type { Accounts } from "../sums/account.ts";
import type { HourSums } from "../sums/hour-sums.ts";
import type {
  BookedRange,
  EndState,
  LedgerId,
  LedgerKey,
  LedgerRow,
  OutboxQuery,
  OutboxRow,
  OutboxSelection,
  ProducerRow,
  RowState,
} from "./outbox-query.ts";
import type { SessionAnswer, SessionChange } from "./outbox-session.ts";

/**
 * Keeps recorded events until they are settled, and their accounts permanently.
 *
 * Events come in segments and are identified by their position in them. At most one opened outbox *owns* an event and may send it. The
 * events of a dead owner go to the next claim. Several owners may share one store.
 *
 * Calls are made one at a time. If a promise rejects, nothing of the call was done; if it rejects with `MayHaveCommitted`, that is unknown.
 * All arguments and results are plain data, so an outbox may run in another thread.
 */
export interface Outbox {
  /** For people: shown in errors and events. */
  readonly name: string;
  /** Whether a committed event survives the end of the process. */
  readonly durable: boolean;
  /** Limits of pending events. */
  readonly limits: OutboxLimits;
  /** The form in which it takes the events of a segment. @default "events" */
  readonly bodies?: "events" | "text";
  /** How events arrive in transactions of the application; `claim` takes them in. @default not supported */
  readonly arrivals?: Arrivals | undefined;

  /** Called before anything else, and again after it failed. */
  open(): Promisable<OutboxOpening>;

  /** Applies all changes in one transaction: endings first, then new segments, then leases, then sessions. */
  commit(changes: OutboxChanges): Promisable<OutboxCommit>;

  /**
   * Takes ownership of pending events that have no owner, or a dead one: tenants in turns, oldest first within a tenant, `live` before
   * `backfill`.
   */
  claim(request: ClaimRequest): Promisable<Claimed>;

  accounts(): Promisable<Accounts>;

  /** Returns events by key, oldest first. */
  list(query: OutboxQuery): Promisable<readonly OutboxRow[]>;

  /**
   * Redrive: makes dead letters and quarantined events pending, without an owner, as if never sent. Returns how many. Sending a quarantined
   * event again may count it twice; the caller decides.
   */
  redrive(selection: OutboxSelection): Promisable<number>;

  /** Discards dead letters and quarantined events. Returns how many. Their identities are remembered like those of acknowledged events. */
  discard(selection: OutboxSelection, reason: string): Promisable<number>;

  /**
   * Erases a tenant. Its pending events and dead letters are discarded and counted so; the content of its events, its sessions and its ids
   * are deleted, so a repeat of an erased event counts again. The sums by tenant, meter and hour stay until they expire. Events that a live
   * owner has in flight are left alone: they are counted, or erased by another call.
   */
  erase(tenant_id: string, reason: string): Promisable<Erased>;

  /**
   * Takes acknowledgements back in one transaction: what the receiver rejected later becomes a dead letter, and a quarantined event is no
   * longer ambiguous. Returns a result for each, in order.
   */
  refute(refutations: readonly Refutation[]): Promisable<readonly RefutationState[]>;

  /** What an event says now, and where it stands; undefined where no such event is remembered. */
  standing(identity: EventIdentity): Promisable<Standing | undefined>;

  /**
   * Has an event say something else, or takes it back, in one transaction: what was never counted is changed where it waits, or
   * discarded; of all else a correction is recorded, which goes out like any event.
   */
  correct(request: CorrectionRequest): Promisable<Corrected>;

  /** Returns what was recorded, by tenant, meter and hour of event time: one side of a reconciliation. Or by the hour in which it is booked. */
  ledger(range: BookedRange): Promisable<readonly LedgerRow[]>;

  /**
   * Freezes the ledger's rows of all hours that end by then, for good. What changes in them later is booked in the first hour after them, as
   * a correction. Returns the start of that hour, which another call may have set later already.
   */
  freeze(before: number): Promisable<number>;

  /** Returns the ids of one row of the ledger, as far as they are remembered. */
  ledgerIds(row: LedgerKey): Promisable<readonly LedgerId[]>;

  /** Returns which numbers were given to events, so that gaps at a receiver can be told from events that were never sent. */
  producers(): Promisable<readonly ProducerRow[]>;

  /** Takes over open sessions whose owners are all dead. */
  claimSessions(): Promisable<readonly SessionRow[]>;

  /**
   * Releases everything it owns. A volatile outbox counts pending events as lost, and `accounts()` still works; otherwise, nothing is
   * called afterwards.
   */
  close(): Promisable<void>;
}

/** The result of `erase()`. */
export interface Erased {
  /** Events that are now discarded: they were pending or dead letters. */
  readonly events: number;
  /** Events in flight, which were left alone. */
  readonly onTheirWay: number;
  /** Sessions that were open. */
  readonly sessions: number;
}

export interface EventIdentity {
  readonly tenant_id: string;
  readonly event_id: string;
}

/** What an event says now, by its last correction. */
export interface Standing {
  /** Of the last correction, where there is one. */
  readonly state: RowState | EndState;
  /** Whether a receiver may count what it said before, or says now. */
  readonly mayCount: boolean;
  /** Under its own id; undefined where its content has gone. */
  readonly event: UsageEvent | undefined;
  readonly cancelled: boolean;
  /** When the event itself was recorded, in milliseconds since the epoch; undefined where that is not remembered. */
  readonly recorded_at: number | undefined;
}

export interface CorrectionRequest extends EventIdentity {
  /** What it is to say, under its own id; undefined to take it back. */
  readonly content: UsageEvent | undefined;
  /** What it says now by the caller's knowledge: of another, nothing is done. Needed where the outbox has not kept it. */
  readonly seen: UsageEvent | undefined;
  readonly reason: string;
  /** Whether its receiver carries such a correction out. */
  readonly maySend: boolean;
}

/**
 * What became of a correction. Done:
 * - `withdrawn`: the event was never counted, and is discarded
 * - `replaced`: the event, or its last correction, was never counted, and waits with what it says now
 * - `recorded`: a correction waits to be sent
 * - `repeat`: the event says so already
 *
 * Nothing was done:
 * - `inflight`: on its way just now; may be repeated when it has an outcome
 * - `changed`: it says something else than was seen
 * - `cancelled`: taken back before; only a repeat of that is one
 * - `unsupported`: a receiver may count it, and carries no such correction out
 * - `discarded`: given up
 * - `no_content`: its content is kept nowhere and was not given
 * - `full`, `conflict`: no room for a correction; its id is that of another event
 * - `unknown`: no such event is remembered
 */
export interface Corrected {
  readonly state:
    | "withdrawn"
    | "replaced"
    | "recorded"
    | "repeat"
    | "inflight"
    | "changed"
    | "cancelled"
    | "unsupported"
    | "discarded"
    | "no_content"
    | "full"
    | "conflict"
    | "unknown";
  /** Key of an event that waits no more as it was, and the segment it was in: what else waited there is held by nobody now. */
  readonly left?: { readonly key: number; readonly segment: string } | undefined;
}

/** A receiver's word that it does not count an event after all. */
export interface Refutation extends EventIdentity {
  readonly reason: string;
  /** The content, if the outbox does not keep it. */
  readonly event?: UsageEvent | undefined;
}

/**
 * - `refuted`: it is now a dead letter, with its content
 * - `repeat`: it already is a dead letter or discarded; nothing done
 * - `waiting`: it is still in flight, so nothing can be taken back yet; nothing done
 * - `no_content`: it was acknowledged, but its content was neither kept nor passed; nothing done
 * - `conflict`: the content that was passed belongs to another event; nothing done
 * - `unknown`: no such event is remembered; nothing done
 */
export type RefutationState = "refuted" | "repeat" | "waiting" | "no_content" | "conflict" | "unknown";

/** By number and by bytes, including what is in flight. */
export interface OutboxLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface OutboxOpening {
  /** Pending in the store, whoever owns it. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** Something about the store that a person should look at: a damaged file was set aside. */
  readonly warnings: readonly string[];
}

/** Every list may be empty. An event is in at most one of them, except that it may be appended and leased at once. */
export interface OutboxChanges {
  /** The clock's time of the transaction. */
  readonly now: number;
  readonly end: readonly Ending[];
  /** Back from a transport and pending again, with their new state. */
  readonly release: readonly Lease[];
  /** Released: still pending, for the next claim. */
  readonly spill: readonly Span[];
  readonly append: readonly NewSegment[];
  /** About to be sent: customers, attempts and first time of sending are stored before bytes are sent. */
  readonly lease: readonly Lease[];
  readonly sessions: readonly SessionChange[];
}

/** Consecutive events of one segment. */
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
  /** What is settled: each meter and hour once. */
  readonly sums: readonly HourSums[];
  readonly bytes: number;
  /** For `rejected` and `quarantined`. */
  readonly reason?: string | undefined;
  readonly status?: number | undefined;
}

/** At most {@link MAX_SEGMENT_EVENTS} events. */
export interface NewSegment {
  readonly count: number;
  readonly bytes: number;
  readonly lane: Lane;
  /** Empty if the events belong to several tenants. */
  readonly tenant_id: string;
  readonly body: SegmentBody;
  /** Each meter and hour once. */
  readonly sums: readonly HourSums[];
  /**
   * The position of each event in the sums: 1,024 times the index in `sums`, plus the index of the tenant. Omitted if all events have one
   * meter and hour, and either one tenant or a different tenant each.
   */
  readonly sum_of?: readonly number[] | undefined;
  readonly ids: SegmentIds;
  /** Whether they are of corrections. @default false */
  readonly corrections?: boolean | undefined;
  /** Events whose ids callers gave, in order: they may have been recorded before. */
  readonly given: readonly GivenId[];
  /** When the earliest of the other ids was created; none was created more than `MAX_IDS_SPAN_MS` later. */
  readonly ids_since: number;
  /** Whether this owner keeps it in memory and will send it; otherwise, anybody may claim it. */
  readonly hold: boolean;
  /** Whether it may be sent although it is unknown whether its ids were recorded before: its receivers deduplicate. @default false */
  readonly mayGoUnchecked?: boolean | undefined;
  /**
   * Whether an earlier commit of it has an unknown result: all ids are in `given`, and segments found for them are released.
   * @default false
   */
  readonly again?: boolean | undefined;
}

export const MAX_SEGMENT_EVENTS = 1_000;
export const MAX_IDS_SPAN_MS = 1_000;

export interface GivenId {
  readonly index: number;
  /** See `contentMark`; without the time if the caller gave none. */
  readonly mark: string;
}

export interface OutboxCommit {
  /** For each new segment, in order. */
  readonly appended: readonly Appended[];
  /** For each session change, in order: its result. */
  readonly sessions: readonly SessionAnswer[];
  /**
   * Events that another owner has taken over in the meantime (the page was frozen, the lock removed): nothing was done to them, and they no
   * longer belong to this owner.
   */
  readonly taken: readonly Span[];
  /** Pending in the store after the transaction, whoever owns it. */
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** Something that a person should look at. */
  readonly warnings: readonly string[];
  /** What failed because the outbox fails at the moment, although the commit succeeded. @default nothing */
  readonly undone?: Undone | undefined;
}

/** Parts of changes that were not made: the same objects that were passed. */
export interface Undone extends Pick<OutboxChanges, "end" | "release" | "spill" | "lease"> {
  /** Whether session changes are among them. */
  readonly sessions: boolean;
}

/** The result for a new segment. Events that are not exceptions were recorded and moved up: keys and numbers have no gaps. */
export interface Appended {
  /** The segment's id. */
  readonly segment: string;
  /** Of the first recorded event. */
  readonly key: number;
  readonly first_seq: number;
  /** Random id of the opened outbox that recorded it. */
  readonly producer: string;
  /** Whether it is in memory only, because the intended outbox fails. @default false */
  readonly volatile?: boolean | undefined;
  /**
   * Whether it is unknown if it was stored. It must not be sent now: it is stored again, or found, when the outbox works, and comes with a
   * claim.
   * @default false
   */
  readonly unknown?: boolean | undefined;
  /** By index in the segment as it was passed, ascending. */
  readonly exceptions: readonly AppendException[];
}

/**
 * - `repeat`: the identity is in `where` with the same content; nothing stored
 * - `conflict`: the identity is there with different content; nothing stored
 * - `full`: no room; nothing stored
 * - `unchecked`: the outbox fails, so it is unknown whether the identity is there; nothing stored
 */
export type AppendException =
  | { readonly index: number; readonly state: "repeat"; readonly where: RowState | EndState }
  | { readonly index: number; readonly state: "conflict" | "full" | "unchecked" };

export interface ClaimRequest {
  readonly now: number;
  /** Tenants whose events must be left alone: their customer is not known. */
  readonly skipTenants: readonly string[];
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export interface Claimed {
  readonly segments: readonly ClaimedSegment[];
  /** Whether more events can be claimed, apart from those of skipped tenants. */
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
