import {
  describeValue,
  type EventIssue,
  expectInteger,
  type LogOptions,
  type LogOutboxOptions,
  logSettings,
  MeterError,
} from "@meter-lib/core/store";
import type { Promisable } from "@meter-lib/core/transport";
import type { PostgresClient, PostgresPool } from "./postgres-client.ts";
import type { PostgresStoreOptions } from "./postgres-store.ts";

/** Events that arrive with transactions wait beside `limits` while it is full. */
export interface PostgresOutboxOptions extends LogOutboxOptions {
  /** A pool of `pg`. The outbox takes one connection and keeps it. Set this or `client`. */
  readonly pool?: PostgresPool;
  /** Creates a client for the outbox, which connects it: `() => new pg.Client(url)`. Called again if the connection is lost. */
  readonly client?: () => Promisable<PostgresClient>;
  /** Schema of the outbox's tables. @default "meter_lib" */
  readonly schema?: string;
  /** How long to wait for a connection, in milliseconds. @default 10,000 */
  readonly connectTimeoutMs?: number;
  /** How long a statement of the outbox may take, in milliseconds; then the server ends it. @default 30,000 */
  readonly statementTimeoutMs?: number;
  /** How long to wait while another process locks the outbox, in milliseconds. @default 10,000 */
  readonly lockTimeoutMs?: number;
}

/** PostgreSQL truncates longer names. */
const LONGEST_NAME_BYTES = 63;

/** What is wrong with the name of a schema; undefined for nothing. */
export const checkSchema = (schema: unknown): EventIssue | undefined =>
  typeof schema === "string" && schema !== "" && Buffer.byteLength(schema) <= LONGEST_NAME_BYTES
    ? undefined
    : {
        field: "schema",
        given: describeValue(schema),
        expected: `the name of a schema, at most ${LONGEST_NAME_BYTES} bytes`,
      };

/** Fills in defaults; throws `invalid_options` for invalid values. */
export const outboxSettings = ({
  pool,
  client,
  schema = "meter_lib",
  connectTimeoutMs = 10_000,
  statementTimeoutMs = 30_000,
  lockTimeoutMs = 10_000,
  ...shared
}: PostgresOutboxOptions): { readonly store: PostgresStoreOptions; readonly log: LogOptions } => {
  const issues: EventIssue[] = [];
  const schemaIssue = checkSchema(schema);
  if (schemaIssue !== undefined) issues.push(schemaIssue);
  const log = logSettings(shared, issues);
  expectInteger("connectTimeoutMs", connectTimeoutMs, 1, issues);
  expectInteger("statementTimeoutMs", statementTimeoutMs, 1, issues);
  expectInteger("lockTimeoutMs", lockTimeoutMs, 1, issues);
  const connecting = connectionOf(pool, client, connectTimeoutMs, issues);
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    store: { connect: connecting, schema, connectTimeoutMs, statementTimeoutMs, lockTimeoutMs },
    log,
  };
};

const connectionOf = (
  pool: PostgresPool | undefined,
  client: (() => Promisable<PostgresClient>) | undefined,
  connectTimeoutMs: number,
  issues: EventIssue[],
): (() => Promise<PostgresClient>) => {
  if (client !== undefined && pool === undefined) {
    if (typeof client === "function") return () => connected(client);
    issues.push({ field: "client", given: describeValue(client), expected: "a function that makes one" });
  } else if (pool === undefined || client !== undefined)
    issues.push({
      field: "pool",
      given: pool === undefined ? "neither pool nor client" : "pool and client",
      expected: "either pool or client",
    });
  else if (typeof pool.connect !== "function")
    issues.push({
      field: "pool",
      // A URL has a password.
      given: typeof pool === "string" ? "text" : describeValue(pool),
      expected: "a pool of pg, such as new pg.Pool({ connectionString })",
    });
  else if (pool.options?.max === 1)
    issues.push({
      field: "pool",
      given: "a pool of at most 1 connection",
      expected: "a pool of at least 2: the outbox keeps one connection, and your transactions need others",
    });
  return async () => {
    if (pool === undefined) throw new TypeError("a pool is set");
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(tooSmall(pool, connectTimeoutMs)), connectTimeoutMs * 0.9);
    const coming = pool.connect();
    try {
      return await Promise.race([coming, late.promise]);
    } catch (error) {
      void coming.then(
        (client) => client.release?.(false),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
};

const connected = async (make: () => Promisable<PostgresClient>): Promise<PostgresClient> => {
  const client = await make();
  // A server that ends right after it has connected would end the process, too, if nobody listened yet.
  client.on("error", () => {});
  await client.connect?.();
  return client;
};

/** A transaction that waits for the outbox keeps the connection that the outbox waits for. */
const tooSmall = ({ totalCount, idleCount, waitingCount, options }: PostgresPool, ms: number): MeterError =>
  new MeterError(
    "outbox_failed",
    `no connection of the pool came free for ${Math.round(ms * 0.9)} ms (${totalCount} of at most ${options?.max} open, ${idleCount} idle, ${waitingCount} waiting): the pool is too small, or its transactions wait for the outbox; raise max, or give the outbox a connection of its own (client)`,
  );
