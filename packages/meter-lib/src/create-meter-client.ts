import {
  type Catalog,
  type ContextKey,
  type CustomerLookup,
  type LitewaveCatalog,
  MeterClient,
  type MeterClientOptions,
  MeterError,
  type Transport,
} from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import { type CachedLookupOptions, cachedLookup, httpCustomerLookup } from "@meter-lib/lookup-http";
import { type FetchTransportOptions, fetchTransport } from "@meter-lib/transport-fetch";
import { type ConnectionOptions, resolveConnection } from "./connection.ts";
import { environment } from "./environment.ts";
import { logDelivery, type MeterLogger } from "./log-delivery.ts";

/** The options of a client, with the backend's address instead of a transport and a customer lookup. */
export interface CreateMeterClientOptions<C extends Catalog, Bound extends ContextKey>
  extends Omit<MeterClientOptions<C, Bound>, "transport" | "customerLookup">,
    ConnectionOptions,
    Pick<
      FetchTransportOptions,
      "strictWire" | "dedup" | "corrections" | "headers" | "refreshCredentials" | "fetch"
    > {
  /** Replaces HTTP for events: `kafkaTransport`, `memoryTransport`, or your own. The HTTP options then apply only to the lookup. */
  readonly transport?: Transport | undefined;
  /** Replaces HTTP for customer lookups: `staticCustomers`, or your own. */
  readonly customerLookup?: CustomerLookup | undefined;
  /** How long customers are cached. */
  readonly cache?: CachedLookupOptions;
  /**
   * If `false`, events are checked and dropped: nothing is sent, looked up or stored, every event counts as acknowledged, and
   * no address is needed.
   * @default true
   */
  readonly enabled?: boolean | undefined;
  /** Logs what needs attention. @default none; see `client.on()` */
  readonly logger?: MeterLogger | undefined;
}

/**
 * Creates a client over HTTP: `fetchTransport` for events, a cached `httpCustomerLookup` for customers. Options that
 * are missing are read from the environment: `METER_LIB_BASE_URL`, `METER_LIB_LOOKUP_URL`, `METER_LIB_API_KEY`,
 * `METER_LIB_DIALECT`, `METER_LIB_LOOKUP_ROUTE`, and for `defaults` `METER_LIB_TENANT_ID` and `METER_LIB_DEVICE_ID`. The compiler does not
 * know the environment: name what it binds, as in `createMeterClient<LitewaveCatalog, "device_id">()`.
 *
 * @throws MeterError `invalid_options` that names every invalid option, and the variable that can replace it
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
    apiKeyName,
    dialect,
    lookupRoute,
    strictWire,
    dedup,
    corrections,
    headers,
    refreshCredentials,
    fetch,
    cache,
    transport,
    customerLookup,
    enabled = true,
    logger,
    outbox,
    ...rest
  } = options;
  if (typeof enabled !== "boolean")
    throw MeterError.fromIssues("invalid_options", [
      { field: "enabled", given: describeValue(enabled), expected: "true or false" },
    ]);
  const { timeoutMs, clock } = rest;
  const http = { timeoutMs, fetch };

  /** Returns the given strategies, and HTTP for the others. */
  const connected = () => {
    if (transport !== undefined && customerLookup !== undefined) return { transport, customerLookup };
    // With a custom transport, only the lookup needs an address.
    const events =
      transport === undefined ? baseUrl : (baseUrl ?? lookupUrl ?? environment("METER_LIB_LOOKUP_URL"));
    const to = resolveConnection({ baseUrl: events, lookupUrl, apiKey, apiKeyName, dialect, lookupRoute });
    return {
      transport:
        transport ??
        fetchTransport({
          ...http,
          baseUrl: to.baseUrl,
          dialect: to.dialect,
          strictWire,
          dedup,
          corrections,
          headers,
          refreshCredentials,
        }),
      customerLookup:
        customerLookup ??
        cachedLookup(
          httpCustomerLookup({
            ...http,
            baseUrl: to.lookupUrl,
            apiKey: to.apiKey,
            apiKeyName: to.apiKeyName,
            route: to.lookupRoute,
          }),
          { clock, ...cache },
        ),
    };
  };

  const client = new MeterClient<C, Bound>(
    enabled
      ? { ...rest, ...(outbox === undefined ? {} : { outbox }), ...connected() }
      : { ...rest, transport: noTransport, customerLookup: noCustomerLookup },
  );
  if (logger !== undefined) logDelivery(client, logger);
  return client.with(environmentContext(rest.defaults));
};

/** Returns tenant and device from the environment, unless the options name them. */
const environmentContext = (defaults: { readonly [Key in ContextKey]?: string } = {}): EventContext => {
  const tenant_id = defaults.tenant_id ?? environment("METER_LIB_TENANT_ID");
  const device_id = defaults.device_id ?? environment("METER_LIB_DEVICE_ID");
  return {
    ...(tenant_id === undefined ? {} : { tenant_id }),
    ...(device_id === undefined ? {} : { device_id }),
  };
};

interface EventContext {
  readonly tenant_id?: string;
  readonly device_id?: string;
}

const noTransport: Transport = {
  name: "disabled",
  send: async ({ events }) => ({
    outcomes: events.map(() => ({ state: "acknowledged", response: undefined })),
  }),
};
const noCustomerLookup: CustomerLookup = {
  lookup: async () => ({ state: "found", customer_id: "disabled" }),
};
