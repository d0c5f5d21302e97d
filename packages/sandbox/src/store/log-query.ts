import type { DatabaseSync } from "node:sqlite";
import { isObject } from "../wire/field-issue.ts";
import { numberIn, numberOrNullIn, type Row, textIn, textOrNullIn } from "./column.ts";
import { type EventState, STATES } from "./schema.ts";

/** Which part of the log to tell. */
export interface LogQuery {
  readonly tenant_id?: string | undefined;
  readonly meter_id?: string | undefined;
  readonly event_id?: string | undefined;
  readonly state?: EventState | undefined;
  /** Only rows older than this number: the way to the next page. */
  readonly before?: number | undefined;
  /** Only rows newer than this number: the way to what is new. The rows are then the oldest ones first. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** One event of the log. */
export interface LoggedEvent {
  /** Its number: 1, 2, 3 … in order of arrival. */
  readonly id: number;
  readonly state: EventState;
  readonly late: boolean;
  /** Milliseconds since the epoch. */
  readonly received_at: number;
  readonly tenant_id: string | null;
  readonly customer_id: string | null;
  readonly meter_id: string | null;
  readonly event_id: string | null;
  /** The time it counts at: as sent, else its end, its start, its arrival. */
  readonly event_time: number | null;
  readonly total_usage: number | null;
  readonly start_time: number | null;
  readonly end_time: number | null;
  readonly producer: string | null;
  readonly seq: number | null;
  /** Why it was refused, in words. */
  readonly reason: string | null;
  readonly dialect: string;
  /** Number of the request that brought it. */
  readonly request: number;
  /** Its place in that request, from 0. */
  readonly position: number;
  readonly headers: unknown;
  /** The JSON of the event as received: the body in `events`, the record in `kafka-rest`; text where it is no JSON. */
  readonly body: unknown;
}

/** One request of the log, word for word. */
export interface LoggedRequest {
  readonly id: number;
  readonly received_at: number;
  readonly dialect: string;
  readonly method: string;
  readonly path: string;
  readonly headers: unknown;
  /** The text as received; null when it was too large to keep. */
  readonly body: string | null;
  /** HTTP status and words of the refusal; null when it was taken. */
  readonly status: number | null;
  readonly reason: string | null;
}

export interface LogQueries {
  /** The number of the newest event; 0 when there is none. */
  newest(): number;
  events(query: LogQuery): readonly LoggedEvent[];
  /** Refused requests, the newest first. */
  refused(query: { readonly before?: number | undefined; readonly limit: number }): readonly LoggedRequest[];
  request(id: number): LoggedRequest | undefined;
}

const eventsSql = (byId: boolean, ascending: boolean): string => `
  SELECT e.*, t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id, p.name AS producer_id,
    r.received_at, r.dialect, r.headers, r.body, r.reason
  FROM events e JOIN requests r ON r.id = e.request
    LEFT JOIN names t ON t.id = e.tenant LEFT JOIN names c ON c.id = e.customer
    LEFT JOIN names m ON m.id = e.meter LEFT JOIN names p ON p.id = e.producer
  WHERE ${
    byId
      ? `e.id IN (SELECT id FROM events WHERE event_id = :event_id AND counts = 1
                  UNION ALL SELECT id FROM events WHERE event_id = :event_id AND counts IS NULL)`
      : "1"
  }
    AND (:tenant_id IS NULL OR t.name = :tenant_id) AND (:meter_id IS NULL OR m.name = :meter_id)
    AND (:state IS NULL OR e.state = :state)
    AND (:before IS NULL OR e.id < :before) AND (:after IS NULL OR e.id > :after)
  ORDER BY e.id ${ascending ? "ASC" : "DESC"} LIMIT :limit`;

const parse = (text: string | null): unknown => {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return text;
  }
};

const requestOf = (row: Row): LoggedRequest => ({
  id: numberIn(row, "id"),
  received_at: numberIn(row, "received_at"),
  dialect: textIn(row, "dialect"),
  method: textIn(row, "method"),
  path: textIn(row, "path"),
  headers: parse(textIn(row, "headers")),
  body: textOrNullIn(row, "body"),
  status: numberOrNullIn(row, "status"),
  reason: textOrNullIn(row, "reason"),
});

export const createLogQueries = (database: DatabaseSync): LogQueries => {
  const newest = database.prepare(eventsSql(false, false));
  const oldest = database.prepare(eventsSql(false, true));
  const newestOfId = database.prepare(eventsSql(true, false));
  const oldestOfId = database.prepare(eventsSql(true, true));
  const refused = database.prepare(`
    SELECT * FROM requests WHERE reason IS NOT NULL AND (:before IS NULL OR id < :before)
    ORDER BY id DESC LIMIT :limit`);
  const request = database.prepare("SELECT * FROM requests WHERE id = ?");
  const highest = database.prepare("SELECT ifnull(max(id), 0) AS id FROM events");

  return {
    newest: () => numberIn(highest.get() ?? {}, "id"),
    events: ({ tenant_id, meter_id, event_id, state, before, after, limit }) => {
      const parameters = {
        tenant_id: tenant_id ?? null,
        meter_id: meter_id ?? null,
        state: state === undefined ? null : STATES.indexOf(state),
        before: before ?? null,
        after: after ?? null,
        limit,
      };
      const rows =
        event_id === undefined
          ? (after === undefined ? newest : oldest).all(parameters)
          : (after === undefined ? newestOfId : oldestOfId).all({ ...parameters, event_id });
      // Neighbours often come from one request: its body is parsed once.
      const bodies = new Map<number, unknown>();
      return rows.map((row): LoggedEvent => {
        const requestId = numberIn(row, "request");
        const position = numberIn(row, "position");
        if (!bodies.has(requestId)) bodies.set(requestId, parse(textOrNullIn(row, "body")));
        const body = bodies.get(requestId);
        const records = isObject(body) && Array.isArray(body.records) ? body.records : undefined;
        return {
          id: numberIn(row, "id"),
          state: STATES[numberIn(row, "state")] ?? "refused",
          late: numberIn(row, "late") === 1,
          received_at: numberIn(row, "received_at"),
          tenant_id: textOrNullIn(row, "tenant_id"),
          customer_id: textOrNullIn(row, "customer_id"),
          meter_id: textOrNullIn(row, "meter_id"),
          event_id: textOrNullIn(row, "event_id"),
          event_time: numberOrNullIn(row, "event_time"),
          total_usage: numberOrNullIn(row, "total_usage"),
          start_time: numberOrNullIn(row, "start_time"),
          end_time: numberOrNullIn(row, "end_time"),
          producer: textOrNullIn(row, "producer_id"),
          seq: numberOrNullIn(row, "seq"),
          reason: textOrNullIn(row, "reason"),
          dialect: textIn(row, "dialect"),
          request: requestId,
          position,
          headers: parse(textIn(row, "headers")),
          body: records === undefined ? body : records[position],
        };
      });
    },
    refused: ({ before, limit }) => refused.all({ before: before ?? null, limit }).map(requestOf),
    request: (id) => {
      const row = request.get(id);
      return row === undefined ? undefined : requestOf(row);
    },
  };
};
