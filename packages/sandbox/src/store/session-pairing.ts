import type { DatabaseSync } from "node:sqlite";
import { numberIn, type Row } from "./column.ts";
import type { UsageKey, UsageRollup } from "./usage-rollup.ts";

/** An event with only the start or only the end of a session. */
export interface Boundary extends UsageKey {
  /** Identifies the boundaries that belong together. */
  readonly session: string;
  readonly side: "start" | "end";
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Number of the event in the log. */
  readonly event: number;
}

export interface SessionPairing {
  /** Adds a boundary and moves the durations that it changes. Within the transaction of the batch. */
  add(boundary: Boundary): void;
  /** Removes a boundary, as if it had never arrived. Within the transaction of the batch. */
  remove(boundary: Boundary): void;
}

// An end sorts before a start of the same time: switched off and on again at once, the first session is whole.
const END = 0;
const START = 1;

const sideOf = ({ side }: Boundary): number => (side === "start" ? START : END);

const usageKeyOf = (row: Row): UsageKey => ({
  tenant: numberIn(row, "tenant"),
  customer: numberIn(row, "customer"),
  meter: numberIn(row, "meter"),
  hour: numberIn(row, "hour"),
});

/**
 * Pairs starts and ends by their times, whatever the order of arrival: an end closes the start right before it. A start
 * after an open start replaces it (its end was lost); an end without an open start counts nothing. The duration belongs
 * to the hour of the end.
 */
export const createSessionPairing = (database: DatabaseSync, rollup: UsageRollup): SessionPairing => {
  const insert = database.prepare(`
    INSERT INTO boundaries (session, time, side, event, tenant, customer, meter, hour) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const before = database.prepare(`
    SELECT time, side FROM boundaries WHERE session = ? AND (time, side, event) < (?, ?, ?)
    ORDER BY time DESC, side DESC, event DESC LIMIT 1`);
  const after = database.prepare(`
    SELECT * FROM boundaries WHERE session = ? AND (time, side, event) > (?, ?, ?)
    ORDER BY time, side, event LIMIT 1`);

  const remove = database.prepare(
    "DELETE FROM boundaries WHERE session = ? AND time = ? AND side = ? AND event = ?",
  );

  /** Moves the durations that a boundary changes between its neighbours; with −1, back. */
  const move = (boundary: Boundary, sign: 1 | -1): void => {
    const { session, time, event } = boundary;
    const side = sideOf(boundary);
    const previous = before.get(session, time, side, event);
    const next = after.get(session, time, side, event);
    const openSince = previous?.side === START ? numberIn(previous, "time") : undefined;
    if (next?.side === END) {
      const end = numberIn(next, "time");
      if (openSince !== undefined) rollup.addDuration(usageKeyOf(next), sign * (openSince - end));
      if (side === START) rollup.addDuration(usageKeyOf(next), sign * (end - time));
    }
    if (side === END && openSince !== undefined) rollup.addDuration(boundary, sign * (time - openSince));
  };

  return {
    add: (boundary) => {
      const { session, time, event, tenant, customer, meter, hour } = boundary;
      move(boundary, 1);
      insert.run(session, time, sideOf(boundary), event, tenant, customer, meter, hour);
    },
    remove: (boundary) => {
      const { session, time, event } = boundary;
      remove.run(session, time, sideOf(boundary), event);
      move(boundary, -1);
    },
  };
};
