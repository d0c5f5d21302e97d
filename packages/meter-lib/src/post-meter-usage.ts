import {
  type Catalog,
  type EventInput,
  isMeterError,
  type LitewaveCatalog,
  litewaveCatalog,
  type MeterClient,
  MeterError,
  type MeterId,
  type PerformanceMeterId,
} from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import { type Connection, resolveConnection } from "./connection.ts";
import { createMeterClient } from "./create-meter-client.ts";

/** The destination, with the parameter names of `meter-lib` for Python. `null` is Python's `None`. */
export interface PythonConnection {
  /** URL of a Kafka REST server that receives the event as a record. @default `METER_LIB_BASE_URL`, in the dialect `METER_LIB_DIALECT` */
  readonly kafka_url?: string | null | undefined;
  /** URL for customer lookups: the portal's, with an `api_key`. @default `METER_LIB_LOOKUP_URL`, else the event's */
  readonly portal_url?: string | null | undefined;
  /** The portal's key. @default `METER_LIB_API_KEY`, else none: an internal lookup */
  readonly api_key?: string | null | undefined;
  /** When it was used, in milliseconds since the epoch: the same as `event_time`. @default now */
  readonly timestamp?: number | null | undefined;
}

export interface PostMeterUsageOptions<C extends Catalog> {
  /** The catalog. @default litewaveCatalog */
  readonly catalog?: C | undefined;
  /** Called with the reason for `null`; Python prints it. */
  readonly onFailure?: ((error: MeterError) => void) | undefined;
  /** Send exactly what the Python library sends: without an event id, a repeat is counted twice. @default false */
  readonly strictWire?: boolean | undefined;
}

/** The backend's JSON response. */
export type BackendAnswer = Readonly<Record<string, unknown>>;

/**
 * Sends one event, like `post_meter_usage` of `meter-lib` for Python. Returns the backend's response, or `null` if the event did not get
 * through. Never throws. Customers are cached for five minutes, so most calls are one request.
 *
 * `null` may also mean that the response was lost, see `error.ambiguous` in `onFailure`; a repeat with the same `event_id` is
 * counted once. `MeterClient` returns the error instead.
 *
 * @example
 * ```ts
 * const answer = await postMeterUsage({
 *   tenant_id: "tenant_123",
 *   device_id: "us-east-ing1",
 *   meter_id: "page.processed.basic",
 *   total_usage: 24,
 * });
 * ```
 */
export function postMeterUsage<
  const Id extends MeterId<C>,
  const N extends number = number,
  const C extends Catalog = LitewaveCatalog,
>(
  usage: EventInput<C, never, Id, N> & PythonConnection,
  options?: PostMeterUsageOptions<C>,
): Promise<BackendAnswer | null>;
export function postMeterUsage(
  usage: AnyUsage,
  options: PostMeterUsageOptions<Catalog> = {},
): Promise<BackendAnswer | null> {
  return answerOrNull(usage, options);
}

/** Like `post_ai_meter_usage` of `meter-lib` for Python: {@link postMeterUsage} for meters that report times. */
export function postAiMeterUsage<
  const Id extends PerformanceMeterId<C>,
  const C extends Catalog = LitewaveCatalog,
>(
  usage: EventInput<C, never, Id, number> & Omit<PythonConnection, "timestamp">,
  options?: PostMeterUsageOptions<C>,
): Promise<BackendAnswer | null>;
export function postAiMeterUsage(
  usage: AnyUsage,
  options: PostMeterUsageOptions<Catalog> = {},
): Promise<BackendAnswer | null> {
  return answerOrNull(usage, options);
}

type AnyUsage = EventInput<Catalog, never, string, number> & PythonConnection;

const answerOrNull = async (
  usage: AnyUsage,
  options: PostMeterUsageOptions<Catalog>,
): Promise<BackendAnswer | null> => {
  const result = await post(usage, options).catch((error: unknown) => ({ ok: false as const, error }));
  if (result.ok) return isAnswer(result.response) ? result.response : {};
  const error = asMeterError(result.error);
  // A hook that throws or rejects must not fail the call.
  void (async () => options.onFailure?.(error))().catch(() => {});
  return null;
};

const post = async (
  usage: AnyUsage,
  { catalog = litewaveCatalog, strictWire = false }: PostMeterUsageOptions<Catalog>,
) => {
  const { kafka_url, portal_url, api_key, timestamp, ...event } = usage;
  const connection = resolveConnection({
    ...(kafka_url ? { baseUrl: kafka_url, dialect: "kafka-rest" } : {}),
    lookupUrl: portal_url || undefined,
    apiKey: api_key || undefined,
    apiKeyName: "api_key",
  });
  const client = clientFor(catalog, connection, strictWire);
  return client.post({ ...event, event_time: event.event_time ?? timestamp ?? undefined });
};

// Clients are cached with their connections and customers; the oldest is dropped when there are many.
const MAX_CLIENTS = 32;
const clients = new WeakMap<Catalog, Map<string, MeterClient<Catalog>>>();

const clientFor = (catalog: Catalog, connection: Connection, strictWire: boolean): MeterClient<Catalog> => {
  const known = clients.get(catalog) ?? new Map<string, MeterClient<Catalog>>();
  clients.set(catalog, known);
  const key = JSON.stringify([connection, strictWire]);
  const client = known.get(key) ?? createMeterClient<Catalog>({ ...connection, catalog, strictWire });
  known.set(key, client);
  const [oldest] = known.keys();
  if (known.size > MAX_CLIENTS && oldest !== undefined) known.delete(oldest);
  return client;
};

const isAnswer = (response: unknown): response is BackendAnswer =>
  typeof response === "object" && response !== null && !Array.isArray(response);

const asMeterError = (error: unknown): MeterError =>
  isMeterError(error)
    ? error
    : new MeterError("invalid_event", `usage: expected an object, got ${describeValue(error)}`, {
        cause: error,
      });
