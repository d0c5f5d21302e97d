import type { DatabaseSync } from "node:sqlite";
import { numberIn, numberOrNullIn, textIn } from "./column.ts";

/** Selects sessions, newest first. */
export interface SessionQuery {
  readonly tenant_id?: string | undefined;
  readonly customer_id?: string | undefined;
  readonly meter_id?: string | undefined;
  readonly limit: number;
}

/** A session whose start and end arrived as separate events. */
export interface LoggedSession {
  readonly tenant_id: string;
  readonly customer_id: string;
  readonly meter_id: string;
  /** The session's id, or the device that it is paired by. */
  readonly session: string;
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Null while it is open, or if its end was lost. */
  readonly end: number | null;
  /** The event that began it, by its number in the log. */
  readonly event: number;
}

const OF = ["tenant", "customer", "meter"] as const;

/** Lists sessions by their starts; an end without a start is not a session. */
export const createSessionQuery = (database: DatabaseSync) => {
  const next = database.prepare(`
    SELECT time, side FROM boundaries WHERE session = ? AND (time, side, event) > (?, 1, ?)
    ORDER BY time, side, event LIMIT 1`);

  return ({ limit, ...query }: SessionQuery): readonly LoggedSession[] => {
    const given: Record<string, string | number> = { limit };
    const conditions = ["side = 1"];
    for (const column of OF) {
      const name = query[`${column}_id`];
      if (name === undefined) continue;
      given[column] = name;
      conditions.push(`${column} = (SELECT id FROM names WHERE name = :${column})`);
    }
    const starts = database.prepare(`
      SELECT b.session, b.time, b.event, t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id
      FROM (SELECT * FROM boundaries WHERE ${conditions.join(" AND ")} ORDER BY time DESC LIMIT :limit) b
      JOIN names t ON t.id = b.tenant JOIN names c ON c.id = b.customer JOIN names m ON m.id = b.meter
      ORDER BY b.time DESC`);
    return starts.all(given).map((row) => {
      const [session, start, event] = [textIn(row, "session"), numberIn(row, "time"), numberIn(row, "event")];
      const after = next.get(session, start, event);
      return {
        tenant_id: textIn(row, "tenant_id"),
        customer_id: textIn(row, "customer_id"),
        meter_id: textIn(row, "meter_id"),
        // Behind the numbers of tenant and meter.
        session: session.split(" ").slice(2).join(" "),
        start,
        end: after?.side === 0 ? numberOrNullIn(after, "time") : null,
        event,
      };
    });
  };
};
