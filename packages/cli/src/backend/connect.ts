import type { CustomerLookup, Transport } from "@meter-lib/core";
import { cachedLookup, httpCustomerLookup } from "@meter-lib/lookup-http";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { type Connection, resolveConnection } from "meter-lib";
import type { ConnectionFlags } from "../flags/connection-flags.ts";
import type { Io } from "../terminal/io.ts";
import { printWarning } from "../terminal/print.ts";

/** The transport and the customer lookup. */
export interface Ways {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly customerLookup: CustomerLookup;
}

/**
 * Flags take precedence over the environment, as in `createMeterClient`.
 *
 * @throws MeterError `invalid_options`
 */
export const connect = (flags: ConnectionFlags, { stderr }: Io): Ways => {
  const connection = resolveConnection({ ...flags, apiKeyName: "--api-key" });
  const { baseUrl, dialect, lookupUrl, apiKey, apiKeyName, lookupRoute } = connection;
  if (apiKey === undefined && process.env.METER_LIB_API_KEY)
    void printWarning(
      stderr,
      "METER_LIB_API_KEY belongs to the host in the environment and was not sent to another host; pass its key with --api-key",
    );
  return {
    connection,
    transport: fetchTransport({
      baseUrl,
      dialect,
      dedup: flags.dedup === undefined ? false : { windowMs: flags.dedup },
    }),
    customerLookup: cachedLookup(
      httpCustomerLookup({
        baseUrl: lookupUrl,
        apiKey,
        apiKeyName,
        route: lookupRoute,
      }),
    ),
  };
};
