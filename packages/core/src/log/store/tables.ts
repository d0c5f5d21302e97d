import type { Metadata } from "../../catalog/meter.ts";
import type { ReasonedRange } from "../../event/seq-range.ts";
import type { Lane, UsageEvent } from "../../event/usage-event.ts";
import type { HourSums } from "../sums/hour-sums.ts";
import type { SegmentIds } from "./id-list.ts";

// The tables of the log. All values are JSON data, except the events of a volatile store, which are kept as they are.

/**
 * Events that one commit recorded, in order, or a part that was cut out of them. The event at `index` always has the key `key + index` and
 * the number `first_seq + index`, whatever it is cut out of.
 */
export interface SegmentRow {
  /** Its key in `segments`, and the key of its events in `bodies`: `key`, padded; an `x` follows if a part starts where the whole does. */
  readonly id: string;
  /** Key of its ids in `ids`. */
  readonly ids: string;
  readonly key: number;
  readonly count: number;
  /** Of the whole segment, even if parts are settled. */
  readonly bytes: number;
  readonly lane: Lane;
  /** Empty if the events belong to several tenants. */
  readonly tenant_id: string;
  /** Number of its events per meter. */
  readonly meters: readonly (readonly [meter_id: string, events: number])[];
  readonly producer: string;
  readonly first_seq: number;
  readonly recorded_at: number;
  /** Who may send it: an owner's id, or empty for the next claim. */
  readonly owner: string;
  /** Why it is no longer pending; undefined while it is. */
  readonly letter?: DeadLetter | undefined;
  /** Parts that are not settled, in order. */
  readonly pieces: readonly Piece[];
  /** The customer of each tenant, from the first lease on. */
  readonly customers?: CustomerPairs | undefined;
}

/** A list, because a segment may have hundreds of tenants, and an object with that many keys would dominate its cost. */
export type CustomerPairs = readonly (readonly [tenant_id: string, customer_id: string])[];

/** Consecutive events with the same delivery state. */
export interface Piece {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly inflight: boolean;
  readonly attempts: number;
  /** First attempt that may have been processed; undefined if there was none. */
  readonly first_sent_at?: number | undefined;
  /** Whether it was quarantined before, so that it may count although nothing is known of an attempt. @default false */
  readonly ambiguous?: boolean | undefined;
}

/** An ending that may be reversed: by a person, or, for an acknowledged event whose content is kept, by its receiver. */
export interface DeadLetter {
  readonly state: "acknowledged" | "rejected" | "quarantined";
  readonly reason: string;
  readonly status?: number | undefined;
  readonly ended_at: number;
}

/** The events of a segment: as objects, or one line of JSON each. */
export type SegmentBody = string | readonly UsageEvent[];

/** The ids of a segment, kept after its events are gone to recognize repeats. */
export interface IdsRow {
  readonly key: number;
  readonly producer: string;
  readonly first_seq: number;
  readonly count: number;
  /** In a volatile store, the events themselves while they are there. */
  readonly ids: SegmentIds;
  /** What the events add to the sums. */
  readonly cells: readonly Pick<HourSums, "meter_id" | "hour" | "tenants">[];
  /** Which entry of `sums` each event belongs to; see `NewSegment.sum_of`. */
  readonly sum_of?: readonly number[] | undefined;
  /** Indexes of ids that callers gave; they are in `identities`, too. */
  readonly given: readonly number[];
  /** Whether they are of corrections. @default false */
  readonly corrections?: boolean | undefined;
  /** When they were recorded, or last found to include events not settled long ago. In milliseconds since the epoch. */
  readonly at: number;
}

/** An id that a caller gave. */
export interface IdentityRow {
  readonly key: number;
  readonly producer: string;
  readonly seq: number;
  /** Tells whether another event of this identity has the same content; see `contentMark`. */
  readonly mark: string;
}

/**
 * One opened outbox. Its id is the name of its lock and the `producer` of its events.
 * - `alive`: it works, unless its lock is free
 * - `left`: it was closed; its events are to be taken over
 * - `gone`: its events were taken over; it must not write any more
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

/** By how much the figures of a meter changed, in the order of `ACCOUNT_FIELDS`. */
export type AccountChange = readonly [meter_id: string, ...figures: number[]];

export type LedgerSums = readonly [
  tenant_id: string,
  meter_id: string,
  hour: number,
  recorded: number,
  acknowledged: number,
  recorded_usage: number,
  acknowledged_usage: number,
  /** See `HourSums.booked`. */
  booked?: number,
];

/** One row about the store as a whole. */
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
  /** Ids given by callers that were evicted early. */
  readonly forgotten: number;
  /** Start of the first hour whose rows of the ledger may change; omitted while all may. */
  readonly frozen_before?: number | undefined;
}

/** What an event says by its last correction. */
export interface RevisionRow {
  /** The highest that was given to a correction; 0 where the event was changed before it was sent. */
  readonly revision: number;
  /** Id of the event that says so: its own, or that of a correction. */
  readonly carrier: string;
  /** What it says, under its own id; of a cancelled one, what it said. */
  readonly event: UsageEvent;
  readonly cancelled: boolean;
  /** What counts when the correction is given up; undefined where nothing surely does. */
  readonly before?: { readonly carrier: string; readonly event: UsageEvent } | undefined;
  /** When the event itself was recorded, as far as it was known when it was corrected. */
  readonly recorded_at?: number | undefined;
  readonly at: number;
}

/** A session that has started and not ended. The ids of both boundaries are fixed at the start. */
export interface SessionRow {
  readonly session_id: string;
  readonly tenant_id: string;
  readonly device_id: string;
  readonly meter_id: string;
  /** Sessions with the same scope are one session: of a device, or of one process. */
  readonly scope: string;
  readonly start_event_id: string;
  readonly end_event_id: string;
  readonly started_at: number;
  /** When it was last known to be on. */
  readonly checkpoint_at: number;
  /** When its last owner left; its end will be recorded at that time. Undefined while it is on. */
  readonly ended_at: number | undefined;
  /** Both boundaries carry it. */
  readonly metadata: Metadata | undefined;
}

/** A session, and how often each owner is in it. */
export interface SharedSessionRow {
  readonly session: SessionRow;
  readonly members: Readonly<Record<string, number>>;
}

/** An event that an application's transaction added: not recorded yet, but as durable as that transaction. */
export interface ArrivalRow {
  readonly lane: Lane;
  readonly event: UsageEvent;
  /** See `contentMark`; omitted if the id was created with the event, so that no other event can have it. */
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
  /** Which segments an owner has: `owner/id`. */
  readonly held: 1;
  /** Which segments have no owner: `lane/tenant/key of the first event/id`. */
  readonly waiting: 1;
  /** Dead letters, quarantined events, and acknowledged ones whose content is kept: `state/id`. */
  readonly letters: 1;
  /**
   * By the time of the earliest id created here, or of recording, and the key of the segment:
   * `made/time/key`, or `given/time/key` if callers gave all of them.
   */
  readonly ids: IdsRow;
  /** When the last of the ids was settled, if all are: by the key in `ids`. In milliseconds since the epoch. */
  readonly ends: number;
  /** By tenant and event id. */
  readonly identities: IdentityRow;
  /** Events that were corrected, by tenant and event id. */
  readonly revisions: RevisionRow;
  /** By number: sums that are not in `accounts` and `ledger` yet. */
  readonly deltas: DeltaRow;
  /** By meter: the figures, in the order of `ACCOUNT_FIELDS`. */
  readonly accounts: readonly number[];
  /** By `hour/meter/tenant`; corrections of frozen hours by `late/booked/hour/meter/tenant`. */
  readonly ledger: LedgerSums;
  /** By session id. */
  readonly sessions: SharedSessionRow;
  /** By number, in order of arrival. Empty if only the log can write transactions. */
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
  "revisions",
  "deltas",
  "accounts",
  "ledger",
  "sessions",
  "arrivals",
];
