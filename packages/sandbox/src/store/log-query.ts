import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isObject } from "../wire/field-issue.ts";
import { parseJson } from "../wire/parse-json.ts";
import { numberIn, numberOrNullIn, type Row, textIn, textOrNullIn } from "./column.ts";
import { ACCEPTED, type EventState, STATES } from "./schema.ts";

/** Which part of the log to tell. */
export interface LogQuery {
  readonly tenant_id?: string | undefined;
  readonly customer_id?: string | undefined;
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
  /** Id of the event that it corrects. */
  readonly corrects: string | null;
  /** Of a correction: 1, 2, 3 …; the highest counts. */
  readonly revision: number | null;
  /** Why it was refused, in words. */
  readonly reason: string | null;
  readonly dialect: string;
  /** Number of the request that brought it. */
  readonly request: number;
  /** Its place in that request, from 0. */
  readonly position: number;
}

/** An event of the log with what it came in. */
export interface ReceivedLoggedEvent extends LoggedEvent {
  readonly headers: unknown;
  /** The JSON of the event as received: the body in `events`, the record in `kafka-rest`; text where it is no JSON or nests too deep. */
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
  /** Without what the events came in: a request of a thousand events is large. */
  events(query: LogQuery): readonly LoggedEvent[];
  /** How many events that match come after one number, up to another. */
  count(query: Omit<LogQuery, "limit" | "before">, after: number, upTo: number): number;
  /** One after another: the requests that they came in may be large. */
  receivedEvents(query: LogQuery): Iterable<ReceivedLoggedEvent>;
  /** Refused requests, the newest first. */
  refused(query: { readonly before?: number | undefined; readonly limit: number }): readonly LoggedRequest[];
  request(id: number): LoggedRequest | undefined;
}

/** Which fields a question names: each set of them is a statement of its own, so that SQLite can take the index that fits. */
type Named = Readonly<
  Record<"tenant_id" | "customer_id" | "meter_id" | "event_id" | "state" | "before" | "after", boolean>
>;

const CONDITIONS: Readonly<Record<keyof Named, string>> = {
  tenant_id: "tenant = (SELECT id FROM names WHERE name = :tenant_id)",
  customer_id: "customer = (SELECT id FROM names WHERE name = :customer_id)",
  meter_id: "meter = (SELECT id FROM names WHERE name = :meter_id)",
  event_id: `id IN (SELECT id FROM events WHERE event_id = :event_id AND counts = 1
             UNION ALL SELECT id FROM events WHERE event_id = :event_id AND counts IS NULL
             UNION ALL SELECT id FROM events WHERE corrects = :event_id)`,
  state: "state = :state",
  before: "id < :before",
  after: "id > :after",
};

const STATE_NUMBERS = new Map<string, number>(STATES.map((state, number) => [state, number]));

const FIELDS = ["tenant_id", "customer_id", "meter_id", "event_id", "state", "before", "after"] as const;

const whereSql = (named: Named, notCounted: boolean): string => {
  const conditions = FIELDS.filter((field) => named[field]).map((field) => CONDITIONS[field]);
  // Said in words, so that the index of those that are not counted can be taken.
  if (notCounted) conditions.push(`state <> ${ACCEPTED}`);
  return ["1", ...conditions].join(" AND ");
};

// Few events are not counted, however many a tenant or a meter has: SQLite cannot know, and passes over all of those.
const indexSql = (named: Named, notCounted: boolean): string =>
  notCounted && !named.event_id ? "INDEXED BY events_not_counted" : "";

const eventsSql = (named: Named, notCounted: boolean): string => {
  const order = `ORDER BY e.id ${named.after ? "ASC" : "DESC"}`;
  return `
  SELECT e.*, t.name AS tenant_id, c.name AS customer_id, m.name AS meter_id, p.name AS producer_id,
    r.received_at, r.dialect, r.reason
  FROM (
    SELECT * FROM events e ${indexSql(named, notCounted)} WHERE ${whereSql(named, notCounted)} ${order} LIMIT :limit
  ) e JOIN requests r ON r.id = e.request
    LEFT JOIN names t ON t.id = e.tenant LEFT JOIN names c ON c.id = e.customer
    LEFT JOIN names m ON m.id = e.meter LEFT JOIN names p ON p.id = e.producer
  ${order}`;
};

const parse = (text: string | null): unknown => {
  const parsed = parseJson(text ?? "null");
  return "value" in parsed ? parsed.value : text;
};

const eventOf = (row: Row): LoggedEvent => ({
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
  corrects: textOrNullIn(row, "corrects"),
  revision: numberOrNullIn(row, "revision"),
  reason: textOrNullIn(row, "reason"),
  dialect: textIn(row, "dialect"),
  request: numberIn(row, "request"),
  position: numberIn(row, "position"),
});

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
  const statements = new Map<string, StatementSync>();
  const tenantsOf = database.prepare(`
    SELECT t.name AS tenant_id FROM accounts a JOIN names t ON t.id = a.tenant
    WHERE a.customer = (SELECT id FROM names WHERE name = ?)`);
  const parametersOf = (query: Omit<LogQuery, "limit">) => {
    const given: Record<string, string | number> = {};
    const named = {
      tenant_id: false,
      customer_id: false,
      meter_id: false,
      event_id: false,
      state: false,
      before: false,
      after: false,
    };
    for (const field of FIELDS) {
      const value = query[field];
      if (value === undefined) continue;
      named[field] = true;
      given[field] = field === "state" ? (STATE_NUMBERS.get(String(value)) ?? -1) : value;
    }
    return { given, named, notCounted: query.state !== undefined && query.state !== "accepted" };
  };
  const rowsOf = ({ limit, ...query }: LogQuery): readonly Row[] => {
    if (query.customer_id !== undefined && query.tenant_id === undefined) {
      // No index begins with the customer; its tenants are few, and each has its newest at an end.
      const ofTenants = tenantsOf
        .all(query.customer_id)
        .flatMap((row) => rowsOf({ ...query, tenant_id: textIn(row, "tenant_id"), limit }));
      const order = query.after === undefined ? -1 : 1;
      return ofTenants.sort((a, b) => order * (numberIn(a, "id") - numberIn(b, "id"))).slice(0, limit);
    }
    const { given, named, notCounted } = parametersOf(query);
    const sql = eventsSql(named, notCounted);
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement.all({ ...given, limit });
  };
  const refused = database.prepare(`
    SELECT * FROM requests WHERE reason IS NOT NULL AND (:before IS NULL OR id < :before)
    ORDER BY id DESC LIMIT :limit`);
  const request = database.prepare("SELECT * FROM requests WHERE id = ?");
  const highest = database.prepare("SELECT ifnull(max(id), 0) AS id FROM events");

  return {
    newest: () => numberIn(highest.get() ?? {}, "id"),
    events: (query) => rowsOf(query).map(eventOf),
    count: (query, after, upTo) => {
      const { given, named, notCounted } = parametersOf({ ...query, after });
      const sql = `SELECT count(*) AS events FROM events e ${indexSql(named, notCounted)} WHERE ${whereSql(named, notCounted)} AND id <= :up_to`;
      return numberIn(database.prepare(sql).get({ ...given, up_to: upTo }) ?? {}, "events");
    },
    receivedEvents: function* (query) {
      const cameIn = (id: number) => {
        const row = request.get(id) ?? {};
        return { id, headers: parse(textIn(row, "headers")), body: parse(textOrNullIn(row, "body")) };
      };
      // Events of one request are neighbours: it is read and parsed once.
      let last: ReturnType<typeof cameIn> | undefined;
      for (const row of rowsOf(query)) {
        const event = eventOf(row);
        if (last?.id !== event.request) last = cameIn(event.request);
        const { headers, body } = last;
        const records = isObject(body) && Array.isArray(body.records) ? body.records : undefined;
        yield { ...event, headers, body: records === undefined ? body : records[event.position] };
      }
    },
    refused: ({ before, limit }) => refused.all({ before: before ?? null, limit }).map(requestOf),
    request: (id) => {
      const row = request.get(id);
      return row === undefined ? undefined : requestOf(row);
    },
  };
};
