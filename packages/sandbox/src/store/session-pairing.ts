import type { DatabaseSync } from "node:sqlite";
import { numberIn, type Row } from "./column.ts";
import type { UsageKey, UsageRollup } from "./usage-rollup.ts";

/** An event that says only when a session began, or only when it ended. */
export interface Boundary extends UsageKey {
  /** Which boundaries belong together. */
  readonly session: string;
  readonly side: "start" | "end";
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Number of the event in the log. */
  readonly event: number;
}

export interface SessionPairing {
  /** Takes a boundary and moves the durations that it changes. Within the transaction of the batch. */
  add(boundary: Boundary): void;
}

// An end sorts before a start of the same time: switched off and on again at once, the first session is whole.
const END = 0;
const START = 1;

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

  return {
    add: (boundary) => {
      const { session, time, event, tenant, customer, meter, hour } = boundary;
      const side = boundary.side === "start" ? START : END;
      const previous = before.get(session, time, side, event);
      const next = after.get(session, time, side, event);
      insert.run(session, time, side, event, tenant, customer, meter, hour);

      const openSince = previous?.side === START ? numberIn(previous, "time") : undefined;
      if (next?.side === END) {
        const end = numberIn(next, "time");
        if (openSince !== undefined) rollup.addDuration(usageKeyOf(next), openSince - end);
        if (side === START) rollup.addDuration(usageKeyOf(next), end - time);
      }
      if (side === END && openSince !== undefined) rollup.addDuration(boundary, time - openSince);
    },
  };
};
