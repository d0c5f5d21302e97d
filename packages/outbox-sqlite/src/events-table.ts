import type { EndState, RowState } from "@meter-lib/core";

/** `events.state`, as numbers; see the schema. */
export const PENDING = 0;
export const INFLIGHT = 1;
export const REJECTED = 2;
export const QUARANTINED = 3;
export const ACKNOWLEDGED = 4;
export const DISCARDED = 5;

const ROW_STATES: readonly RowState[] = ["pending", "inflight", "rejected", "quarantined"];

/** The name of the state of a row that is no tombstone. */
export const rowState = (state: number): RowState => ROW_STATES[state] ?? "pending";

/** The name of any state. */
export const stateName = (state: number): RowState | EndState => {
  if (state === ACKNOWLEDGED) return "acknowledged";
  return state === DISCARDED ? "discarded" : rowState(state);
};

export const stateNumber = (state: RowState): number => ROW_STATES.indexOf(state);

export const HOUR_MS = 3_600_000;

/** Start of the hour of a time. */
export const hourOf = (time: number): number => Math.floor(time / HOUR_MS) * HOUR_MS;
