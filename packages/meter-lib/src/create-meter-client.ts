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

/** A client's options, with the backend's address in the place of the two strategies that reach it. */
export interface CreateMeterClientOptions<C extends Catalog, Bound extends ContextKey>
  extends Omit<MeterClientOptions<C, Bound>, "transport" | "customerLookup">,
    ConnectionOptions,
    Pick<
      FetchTransportOptions,
      "strictWire" | "dedup" | "corrections" | "headers" | "refreshCredentials" | "fetch"
    > {
  /** Carries the events instead of HTTP: `kafkaTransport`, `memoryTransport`, or your own. The options of HTTP then count for the lookup alone. */
  readonly transport?: Transport | undefined;
  /** Finds the customers instead of HTTP: `staticCustomers`, or your own. */
  readonly customerLookup?: CustomerLookup | undefined;
  /** How long customers are remembered. */
  readonly cache?: CachedLookupOptions;
  /**
   * With `false`, events are checked and then forgotten: nothing is sent, looked up or stored, every event counts as acknowledged, and
   * no address is needed.
   * @default true
   */
  readonly enabled?: boolean | undefined;
  /** Told in words what a person should look at. @default none: see `client.on()` */
  readonly logger?: MeterLogger | undefined;
}

/**
 * A client over HTTP: `fetchTransport` for the events, `httpCustomerLookup` with a cache for the customers. What the options
 * leave out is read from the environment: `METER_LIB_BASE_URL`, `METER_LIB_LOOKUP_URL`, `METER_LIB_API_KEY`,
 * `METER_LIB_DIALECT`, `METER_LIB_LOOKUP_ROUTE`, and for `defaults` `METER_LIB_TENANT_ID` and `METER_LIB_DEVICE_ID`. The compiler does not
 * know the environment: say what it binds, as in `createMeterClient<LitewaveCatalog, "device_id">()`.
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

  /** The strategies that were given, and HTTP for the others. */
  const connected = () => {
    if (transport !== undefined && customerLookup !== undefined) return { transport, customerLookup };
    // With a transport of one's own, the address of the lookup is enough.
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

/** Tenant and device of the environment, where the options name none. */
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
