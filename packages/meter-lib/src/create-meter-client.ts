import { type Catalog, type LitewaveCatalog, MeterClient, type MeterClientOptions } from "@meter-lib/core";
import { type CachedLookupOptions, cachedLookup, httpCustomerLookup } from "@meter-lib/lookup-http";
import { type FetchTransportOptions, fetchTransport } from "@meter-lib/transport-fetch";
import { type ConnectionOptions, resolveConnection } from "./connection.ts";

type ContextKey = "tenant_id" | "device_id";

/** A client's options, with the backend's address in the place of the two strategies that reach it. */
export interface CreateMeterClientOptions<C extends Catalog, Bound extends ContextKey>
  extends Omit<MeterClientOptions<C, Bound>, "transport" | "customerLookup">,
    ConnectionOptions,
    Pick<FetchTransportOptions, "strictWire" | "dedup" | "headers" | "refreshCredentials" | "fetch"> {
  /** How long customers are remembered. */
  readonly cache?: CachedLookupOptions;
}

/**
 * A client over HTTP: `fetchTransport` for the events, `httpCustomerLookup` with a cache for the customers. What the options
 * leave out is read from the environment: `METER_LIB_BASE_URL`, `METER_LIB_LOOKUP_URL`, `METER_LIB_API_KEY`,
 * `METER_LIB_DIALECT`, `METER_LIB_LOOKUP_ROUTE`.
 *
 * @throws MeterError `invalid_options` that names every option at fault, and the variable that could stand in
 *
 * @example
 * ```ts
 * const client = createMeterClient({ baseUrl: "https://meter.example.com", defaults: { device_id: "us-east-ing1" } });
 * ```
 */
export const createMeterClient = <
  const C extends Catalog = LitewaveCatalog,
  Bound extends ContextKey = never,
>(
  options: CreateMeterClientOptions<C, Bound> = {},
): MeterClient<C, Bound> => {
  const {
    baseUrl,
    lookupUrl,
    apiKey,
    dialect,
    lookupRoute,
    strictWire,
    dedup,
    headers,
    refreshCredentials,
    fetch,
    cache,
    ...rest
  } = { ...options, ...resolveConnection(options) };
  const { timeoutMs, clock } = rest;
  return new MeterClient<C, Bound>({
    ...rest,
    transport: fetchTransport({
      baseUrl,
      dialect,
      strictWire,
      dedup,
      headers,
      refreshCredentials,
      timeoutMs,
      fetch,
    }),
    customerLookup: cachedLookup(
      httpCustomerLookup({ baseUrl: lookupUrl, apiKey, route: lookupRoute, timeoutMs, fetch }),
      { clock, ...cache },
    ),
  });
};
