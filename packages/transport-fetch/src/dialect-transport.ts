import type { Transport } from "@meter-lib/core/transport";
import type { Dialect } from "./dialects/dialect.ts";
import { kySend } from "./http/ky-send.ts";
import type { CheckedHttpOptions } from "./http-options.ts";
import { sendBatch } from "./send-batch.ts";

/**
 * Makes an HTTP transport out of a dialect. Each attempt is one request: ky does not retry, and redirects are not followed.
 *
 * @param options - from `checkHttpOptions`
 */
export const dialectTransport = (dialect: Dialect, options: CheckedHttpOptions): Transport => {
  const { baseUrl, headers, timeoutMs, refreshCredentials } = options;
  const route = {
    dialect,
    send: options.send ?? kySend(options.ky, options.fetch),
    url: (path: string) => baseUrl + path,
    headers,
    timeoutMs,
  };
  return {
    name: options.name ?? `${dialect.name} ${baseUrl}`,
    receiver: { ...dialect.receiver, dedup: options.dedup },
    limits: dialect.limits,
    check: dialect.check,
    send: ({ events }, { signal }) => sendBatch(route, events, signal),
    ...(refreshCredentials === undefined ? {} : { refreshCredentials }),
  };
};
