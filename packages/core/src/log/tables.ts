import type { Metadata } from "../catalog/meter.ts";
import type { ReasonedRange } from "../event/seq-range.ts";
import type { Lane, UsageEvent } from "../event/usage-event.ts";
import type { HourSums } from "./outbox.ts";

// What the log keeps. All of it is JSON data but for the events of a volatile store, which are kept as they are.

/**
 * Events that one commit recorded, in order, or a part of them that was cut out. The event at `index` has the key `key + index` and the
 * number `first_seq + index` for ever, whatever it is cut out of.
 */
export interface SegmentRow {
  /** Its own key in `segments`, and that of its events in `bodies`: `key`, padded, and where a part begins like its whole, an `x`. */
  readonly id: string;
  /** Key of its ids in `ids`. */
  readonly ids: string;
  readonly key: number;
  readonly count: number;
  /** Of the whole segment, also where parts have ended. */
  readonly bytes: number;
  readonly lane: Lane;
  /** Empty where the events are of several tenants. */
  readonly tenant_id: string;
  /** How many of its events each meter has. */
  readonly meters: readonly (readonly [meter_id: string, events: number])[];
  readonly producer: string;
  readonly first_seq: number;
  readonly recorded_at: number;
  /** Who may send it: an owner's id, or empty for whoever claims it. */
  readonly owner: string;
  /** Why it is pending no more; undefined while it is. */
  readonly letter?: DeadLetter | undefined;
  /** Parts that have not ended, in order. */
  readonly pieces: readonly Piece[];
  /** The customer of each tenant, from the first lease on. */
  readonly customers?: CustomerPairs | undefined;
}

/** A list, because a segment may be of hundreds of tenants, and an object of so many keys costs more than all else of it. */
export type CustomerPairs = readonly (readonly [tenant_id: string, customer_id: string])[];

/** Events next to each other of which delivery knows the same. */
export interface Piece {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly inflight: boolean;
  readonly attempts: number;
  /** First attempt that may have been processed; undefined while there was none. */
  readonly first_sent_at?: number | undefined;
}

/** An ending that may be taken back: by a person, or, of an acknowledged event whose content is kept, by its receiver. */
export interface DeadLetter {
  readonly state: "acknowledged" | "rejected" | "quarantined";
  readonly reason: string;
  readonly status?: number | undefined;
  readonly ended_at: number;
}

/** The events of a segment: as they are, or one line of JSON for each. */
export type SegmentBody = string | readonly UsageEvent[];

/** The ids of a segment, kept after its events have gone: they tell a repeat. */
export interface IdsRow {
  readonly key: number;
  readonly producer: string;
  readonly first_seq: number;
  readonly ids: readonly string[];
  /** What the events count for. */
  readonly cells: readonly Pick<HourSums, "meter_id" | "hour" | "tenants">[];
  /** Which of it each event counts for; see `NewSegment.sum_of`. */
  readonly sum_of?: readonly number[] | undefined;
  /** Indexes of those that callers gave; they are in `identities`, too. */
  readonly given: readonly number[];
  /** When they were recorded, or later, when it was found that not all of them had ended long ago. In milliseconds since the epoch. */
  readonly at: number;
}

/** An id that a caller gave. */
export interface IdentityRow {
  readonly key: number;
  readonly producer: string;
  readonly seq: number;
  /** Tells whether another event of this identity says the same; see `contentMark`. */
  readonly mark: string;
}

/**
 * One opened outbox. Its id is the name of its lock and the `producer` of its events.
 * - `alive`: it works, unless its lock is free
 * - `left`: it was closed; what it held is to be taken over
 * - `gone`: what it held was taken over: it may write no more
 */
export interface OwnerRow {
  readonly state: "alive" | "left" | "gone";
  readonly last_seq: number;
  /** Numbers of events that were discarded, and why; ascending. */
  readonly discarded: readonly ReasonedRange[];
  readonly opened_at: number;
}

/** What one transaction changed in the sums. */
export interface DeltaRow {
  readonly accounts: readonly AccountChange[];
  readonly recorded: readonly HourSums[];
  readonly acknowledged: readonly HourSums[];
}

/** By how many events the figures of a meter changed, in the order of `ACCOUNT_FIELDS`. */
export type AccountChange = readonly [meter_id: string, ...figures: number[]];

export type LedgerSums = readonly [
  tenant_id: string,
  meter_id: string,
  hour: number,
  recorded: number,
  acknowledged: number,
  recorded_usage: number,
  acknowledged_usage: number,
];

/** One row: what the store holds as a whole. */
export interface MetaRow {
  readonly layout: number;
  readonly next_key: number;
  readonly next_delta: number;
  readonly first_delta: number;
  readonly pending_events: number;
  readonly pending_bytes: number;
  readonly letter_events: number;
  readonly letter_bytes: number;
  readonly remembered: number;
  /** Given identities that were forgotten before their time. */
  readonly forgotten: number;
}

/** A session that has started and not ended. The ids of both boundaries are fixed at the start. */
export interface SessionRow {
  readonly session_id: string;
  readonly tenant_id: string;
  readonly device_id: string;
  readonly meter_id: string;
  /** Sessions of one scope are one session: a device's, or a process's own. */
  readonly scope: string;
  readonly start_event_id: string;
  readonly end_event_id: string;
  readonly started_at: number;
  /** When it was last known to be on. */
  readonly checkpoint_at: number;
  /** When its last owner left; its end is then to be recorded at that time. Undefined while it is on. */
  readonly ended_at: number | undefined;
  /** Both boundaries carry it. */
  readonly metadata: Metadata | undefined;
}

/** A session, and how often each owner is in it. */
export interface SharedSessionRow {
  readonly session: SessionRow;
  readonly members: Readonly<Record<string, number>>;
}

/** An event that a transaction of the application's own put beside the log: not recorded yet, but as durable as what it came with. */
export interface ArrivalRow {
  readonly lane: Lane;
  readonly event: UsageEvent;
  /** See `contentMark`; left out where the id was made with the event, so that no other can have it. */
  readonly mark?: string | undefined;
}

/** The tables of a store, by name. Keys are ASCII text and sort by code. */
export interface Tables {
  /** One row, under the key `log`. */
  readonly meta: MetaRow;
  /** By owner id. */
  readonly owners: OwnerRow;
  /** By `id`. */
  readonly segments: SegmentRow;
  /** By the id of the segment. */
  readonly bodies: SegmentBody;
  /** Which segments an owner holds: `owner/id`. */
  readonly held: 1;
  /** Which segments nobody holds: `lane/tenant/key of the first event/id`. */
  readonly waiting: 1;
  /** Dead letters, quarantined events, and acknowledged ones whose content is kept: `state/id`. */
  readonly letters: 1;
  /**
   * By the time of the earliest id made here, or of recording, and the key of the segment:
   * `made/time/key`, or `given/time/key` where callers gave all of them.
   */
  readonly ids: IdsRow;
  /** When the last of the ids ended, as far as they have: by the key in `ids`. In milliseconds since the epoch. */
  readonly ends: number;
  /** By tenant and event id. */
  readonly identities: IdentityRow;
  /** By number: sums that are not in `accounts` and `ledger` yet. */
  readonly deltas: DeltaRow;
  /** By meter: the figures, in the order of `ACCOUNT_FIELDS`. */
  readonly accounts: readonly number[];
  /** By `hour/meter/tenant`. */
  readonly ledger: LedgerSums;
  /** By session id. */
  readonly sessions: SharedSessionRow;
  /** By number, in the order of coming. Empty where no transactions but the log's own can write. */
  readonly arrivals: ArrivalRow;
}

export type TableName = keyof Tables;

export const TABLE_NAMES: readonly TableName[] = [
  "meta",
  "owners",
  "segments",
  "bodies",
  "held",
  "waiting",
  "letters",
  "ids",
  "ends",
  "identities",
  "deltas",
  "accounts",
  "ledger",
  "sessions",
  "arrivals",
];
