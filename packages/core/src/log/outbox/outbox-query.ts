import type { SeqRange } from "../../event/seq-range.ts";
import type { Lane, UsageEvent } from "../../event/usage-event.ts";

/** The state of a stored event. `inflight`: handed to a transport, no outcome stored yet. */
export type RowState = "pending" | "inflight" | "rejected" | "quarantined";

export interface OutboxQuery {
  readonly state?: RowState | undefined;
  readonly tenant_id?: string | undefined;
  readonly event_id?: string | undefined;
  /** Rows after this key. @default 0 */
  readonly after?: number | undefined;
  /** @default 100 */
  readonly limit?: number | undefined;
}

/** The state of an identity whose event is gone; it is remembered for a while, to recognize repeats. */
export type EndState = "acknowledged" | "discarded";

/** A row, for people to read. */
export interface OutboxRow {
  readonly key: number;
  readonly state: RowState;
  readonly event: UsageEvent;
  readonly customer_id: string | undefined;
  readonly lane: Lane;
  readonly attempts: number;
  readonly first_sent_at: number | undefined;
  readonly recorded_at: number;
  /** Why it became a dead letter, and when. */
  readonly reason: string | undefined;
  readonly status: number | undefined;
  readonly ended_at: number | undefined;
}

/** Which dead letters to select: all of a state or of a tenant, or the named ones. */
export interface OutboxSelection {
  readonly state: "rejected" | "quarantined";
  readonly tenant_id?: string | undefined;
  readonly event_ids?: readonly string[] | undefined;
}

/** In milliseconds since the epoch, by the time at which the usage counts (see `usageTime`); `to` is exclusive. */
export interface LedgerRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface BookedRange extends LedgerRange {
  /**
   * Whether usage is shown in the hour in which it is booked: that is its own, unless that was frozen when it changed. Rows of a frozen
   * hour never change.
   * @default false
   */
  readonly booked?: boolean | undefined;
}

export interface LedgerKey {
  readonly tenant_id: string;
  readonly meter_id: string;
  /** Start of the hour in UTC, in milliseconds since the epoch. */
  readonly hour: number;
}

export interface LedgerRow extends LedgerKey {
  readonly recorded: number;
  readonly acknowledged: number;
  /** Sum of `total_usage`, of the recorded and of the acknowledged events. */
  readonly recorded_usage: number;
  readonly acknowledged_usage: number;
  /**
   * By booking: the frozen hour of which this row is a correction, by so much; its figures may be negative. Undefined on the hour's own
   * row.
   */
  readonly corrects?: number | undefined;
}

/** The numbers that one producer gave its events: 1, 2, 3 … */
export interface ProducerRow {
  readonly producer: string;
  /** The highest number. */
  readonly last_seq: number;
  /** Numbers of events that no receiver acknowledged: pending, dead letters, discarded. Ascending; evicted ones are left out. */
  readonly unacknowledged: readonly SeqRange[];
}

export interface LedgerId {
  readonly event_id: string;
  readonly state: RowState | EndState;
}
