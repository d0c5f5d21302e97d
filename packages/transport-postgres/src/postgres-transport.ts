import {
  type Dedup,
  describeValue,
  type EventIssue,
  MeterError,
  type Outcome,
  type OutgoingEvent,
  type SendAnswer,
  type Transport,
  type UsageEvent,
} from "@meter-lib/core/transport";
import { insertSql, insertValues } from "./insert-events.ts";
import { judgeConnecting, judgeStatement } from "./judge-failure.ts";
import { rowsOf } from "./rows-of.ts";

/** A connection that a pool lends: what the transport uses of a `PoolClient` of `pg`. */
export interface PostgresPoolClient {
  /** Runs one statement. Resolves with its rows, or with `{ rows }`. */
  query(text: string, values: unknown[]): PromiseLike<unknown>;
  /** Returns it to the pool, to be closed if `destroy` is true. */
  release(destroy?: boolean): void;
  /** Hears of a broken connection. */
  on?(event: "error", listener: () => void): unknown;
  off?(event: "error", listener: () => void): unknown;
}

/** What the transport uses of a `Pool` of `pg`. */
export interface PostgresTransportPool {
  connect(): Promise<PostgresPoolClient>;
}

export interface PostgresTransportOptions {
  /** A pool of `pg`. Each batch takes a connection out of it for one statement. */
  readonly pool: PostgresTransportPool;
  /** Schema of the table `usage_events`. @default "meter_lib" */
  readonly schema?: string | undefined;
  /** For how long the table remembers an event: set it if you delete or detach old rows. @default permanently */
  readonly dedup?: Dedup | undefined;
  /** Name shown in errors. @default "postgres " and the schema */
  readonly name?: string | undefined;
}

/**
 * Writes events to the table `usage_events` of your own PostgreSQL database, a batch in one statement, each event once by its identity
 * `(tenant_id, event_id)`. Create the table first, with {@link migrateUsage}. The view `usage_by_hour` adds usage up by customer, meter
 * and hour.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * const client = new MeterClient({ transport: postgresTransport({ pool }), customerLookup });
 * ```
 */
export const postgresTransport = (options: PostgresTransportOptions): Transport => {
  const { pool, schema = "meter_lib", dedup = FOR_EVER, name = `postgres ${schema}` } = checked(options);
  const insert = insertSql(schema);
  return {
    name,
    receiver: { dedup },
    check: { event: checkText },
    send: async ({ events }, { signal }) => {
      const client = await connected(pool, signal);
      return "release" in client ? await write(client, insert, events, signal) : client;
    },
  };
};

const FOR_EVER: Dedup = { windowMs: Number.MAX_SAFE_INTEGER };

const connected = async (
  pool: PostgresTransportPool,
  signal: AbortSignal,
): Promise<PostgresPoolClient | SendAnswer> => {
  if (signal.aborted) return NOT_SENT;
  const coming = pool.connect();
  try {
    const client = await Promise.race([coming, aborted(signal)]);
    if (client !== undefined) return client;
  } catch (error) {
    return judgeConnecting(error);
  }
  void coming.then((client) => client.release(), ignore);
  return NOT_SENT;
};

const NOT_SENT: SendAnswer = {
  fault: { kind: "unavailable", reason: "not sent: no connection of the pool came free in time" },
};

const write = async (
  client: PostgresPoolClient,
  insert: string,
  events: readonly OutgoingEvent[],
  signal: AbortSignal,
): Promise<SendAnswer> => {
  // A lost connection fails the statement; without a listener, it would end the process as well.
  client.on?.("error", ignore);
  const writing = Promise.resolve(client.query(insert, insertValues(events)));
  let answer: SendAnswer;
  try {
    const result = await Promise.race([writing, aborted(signal)]);
    answer = result === undefined ? NO_ANSWER : outcomes(events, result);
  } catch (error) {
    answer = judgeStatement(error);
  }
  writing.catch(ignore);
  // Of a connection that may still get an answer, nobody can know whose.
  const isBroken = answer.every?.state === "unsure";
  if (!isBroken) client.off?.("error", ignore);
  client.release(isBroken);
  return answer;
};

const ignore = (): void => {};

const NO_ANSWER: SendAnswer = {
  every: { state: "unsure", reason: "no answer of the database in time", timeout: true },
};

const outcomes = (events: readonly OutgoingEvent[], result: unknown): SendAnswer => {
  const known = new Set(rowsOf(result).map(({ place }) => Number(place)));
  if (known.size === 0) return { every: ACKNOWLEDGED };
  return { outcomes: events.map((_, place) => (known.has(place) ? DUPLICATE : ACKNOWLEDGED)) };
};

const ACKNOWLEDGED: Outcome = { state: "acknowledged" };
const DUPLICATE: Outcome = { state: "acknowledged", duplicate: true };

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });

const TEXTS = ["event_id", "tenant_id", "device_id", "meter_id", "session_id"] as const;
/** U+0000 in JSON, and not a backslash before `u0000`. */
const NUL_IN_JSON = /(?<!\\)(?:\\\\)*\\u0000/;

/** PostgreSQL keeps no text with U+0000 in it. */
const checkText = (event: UsageEvent): EventIssue | undefined => {
  const field = TEXTS.find((name) => event[name]?.includes("\u0000"));
  const found = field ?? (NUL_IN_JSON.test(JSON.stringify(event.metadata) ?? "") ? "metadata" : undefined);
  if (found === undefined) return undefined;
  return {
    field: found,
    given: describeValue(event[found]),
    expected: "text without the character U+0000, which PostgreSQL cannot store",
  };
};

const LONGEST_NAME_BYTES = 63;

const checked = (options: PostgresTransportOptions): PostgresTransportOptions => {
  const issues: EventIssue[] = [];
  const { pool, schema, dedup } = options;
  if (typeof pool?.connect !== "function")
    issues.push({ field: "pool", given: describeValue(pool), expected: "a pool of pg" });
  if (schema !== undefined && (schema === "" || Buffer.byteLength(schema) > LONGEST_NAME_BYTES))
    issues.push({
      field: "schema",
      given: describeValue(schema),
      expected: `the name of a schema, at most ${LONGEST_NAME_BYTES} bytes`,
    });
  if (dedup !== undefined && !(Number.isSafeInteger(dedup.windowMs) && dedup.windowMs >= 1))
    issues.push({
      field: "dedup.windowMs",
      given: describeValue(dedup.windowMs),
      expected: "milliseconds, an integer ≥ 1",
    });
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return options;
};
