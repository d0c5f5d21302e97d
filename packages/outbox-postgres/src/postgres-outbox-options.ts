import {
  describeValue,
  type EventIssue,
  type LogOptions,
  MeterError,
  type OutboxLimits,
} from "@meter-lib/core/store";
import type { Promisable } from "@meter-lib/core/transport";
import type { PostgresClient, PostgresPool } from "./postgres-client.ts";
import type { PostgresStoreOptions } from "./postgres-store.ts";

export interface PostgresOutboxOptions {
  /** A pool of `pg`. The outbox takes one connection and keeps it. Set this or `client`. */
  readonly pool?: PostgresPool;
  /** Creates a client for the outbox, which connects it: `() => new pg.Client(url)`. Called again if the connection is lost. */
  readonly client?: () => Promisable<PostgresClient>;
  /** Schema of the outbox's tables. @default "meter_lib" */
  readonly schema?: string;
  /** Limits of pending events. Events that arrive with transactions wait beside it while it is full. @default 1,000,000 events, 256 MiB */
  readonly limits?: Partial<OutboxLimits>;
  /**
   * How long identities of settled events are remembered to recognize repeats, in milliseconds, and the maximum number.
   * @default 24 hours, 1,000,000
   */
  readonly tombstones?: { readonly windowMs?: number; readonly max?: number };
  /**
   * Limits of dead letters and quarantined events together. The oldest beyond them are discarded, and counted as such.
   * @default 100,000 events, 64 MiB, or `limits.maxBytes` if that is less
   */
  readonly deadLetters?: Partial<OutboxLimits>;
  /**
   * After how many milliseconds dead letters and quarantined events are discarded, hours of the ledger deleted, and the content of
   * acknowledged events dropped. If the content is kept as long as the backend may still reject, a late rejection becomes a dead letter
   * that can be redriven.
   * @default dead letters never, the ledger 35 days, acknowledged content at once
   */
  readonly retention?: {
    readonly rejectedMs?: number;
    readonly quarantinedMs?: number;
    readonly ledgerMs?: number;
    readonly acknowledgedMs?: number;
  };
  /** How long to wait for a connection, in milliseconds. @default 10,000 */
  readonly connectTimeoutMs?: number;
  /** How long a statement of the outbox may take, in milliseconds; then the server ends it. @default 30,000 */
  readonly statementTimeoutMs?: number;
  /** How long to wait while another process locks the outbox, in milliseconds. @default 10,000 */
  readonly lockTimeoutMs?: number;
}

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;
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
  limits: { maxEvents = 1_000_000, maxBytes = 256 * MIB } = {},
  tombstones: { windowMs = DAY_MS, max = 1_000_000 } = {},
  deadLetters = {},
  retention: { rejectedMs, quarantinedMs, ledgerMs = 35 * DAY_MS, acknowledgedMs = 0 } = {},
  connectTimeoutMs = 10_000,
  statementTimeoutMs = 30_000,
  lockTimeoutMs = 10_000,
}: PostgresOutboxOptions): { readonly store: PostgresStoreOptions; readonly log: LogOptions } => {
  const issues: EventIssue[] = [];
  const expectCount = (field: string, value: unknown, min: number): void => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return;
    issues.push({ field, given: describeValue(value), expected: `an integer ≥ ${min}` });
  };
  const kept = {
    maxEvents: deadLetters.maxEvents ?? 100_000,
    maxBytes: deadLetters.maxBytes ?? Math.min(64 * MIB, maxBytes),
  };
  const schemaIssue = checkSchema(schema);
  if (schemaIssue !== undefined) issues.push(schemaIssue);
  expectCount("limits.maxEvents", maxEvents, 1);
  expectCount("limits.maxBytes", maxBytes, 1);
  expectCount("tombstones.windowMs", windowMs, 0);
  expectCount("tombstones.max", max, 0);
  expectCount("deadLetters.maxEvents", kept.maxEvents, 0);
  if (deadLetters.maxBytes !== undefined) expectCount("deadLetters.maxBytes", deadLetters.maxBytes, 0);
  if (rejectedMs !== undefined) expectCount("retention.rejectedMs", rejectedMs, 0);
  if (quarantinedMs !== undefined) expectCount("retention.quarantinedMs", quarantinedMs, 0);
  expectCount("retention.ledgerMs", ledgerMs, 0);
  expectCount("retention.acknowledgedMs", acknowledgedMs, 0);
  expectCount("connectTimeoutMs", connectTimeoutMs, 1);
  expectCount("statementTimeoutMs", statementTimeoutMs, 1);
  expectCount("lockTimeoutMs", lockTimeoutMs, 1);
  const connecting = connectionOf(pool, client, connectTimeoutMs, issues);
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    store: { connect: connecting, schema, connectTimeoutMs, statementTimeoutMs, lockTimeoutMs },
    log: {
      limits: { maxEvents, maxBytes },
      bodies: "text",
      tombstones: { windowMs, max },
      deadLetters: { ...kept, rejectedMs, quarantinedMs, acknowledgedMs },
      ledgerMs,
    },
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
    issues.push({ field: "pool", given: describeValue(pool), expected: "a pool of pg" });
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
