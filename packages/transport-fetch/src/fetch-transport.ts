import type { Transport } from "@meter-lib/core";
import { eventsDialect } from "./events-dialect.ts";
import { checkOptions, type FetchTransportOptions } from "./fetch-transport-options.ts";
import { kafkaRestDialect } from "./kafka-rest-dialect.ts";
import { kySend } from "./ky-send.ts";
import { sendBatch } from "./send-batch.ts";

/**
 * Sends events over HTTP with ky, in the dialect of the receiver. Every attempt is one attempt: ky's own retry is off, and
 * redirects are not followed. Throws a MeterError `invalid_options` for options that cannot work.
 *
 * @example
 * ```ts
 * const transport = fetchTransport({
 *   baseUrl: "https://meter.example.com",
 *   headers: () => ({ authorization: `Bearer ${currentToken()}` }),
 * });
 * ```
 */
export const fetchTransport = (options: FetchTransportOptions): Transport => {
  const checked = checkOptions(options);
  const { baseUrl, strictWire, topic = "usage-events" } = checked;
  const dialect =
    checked.dialect === "events" ? eventsDialect(strictWire) : kafkaRestDialect(topic, strictWire);
  const route = {
    dialect,
    send: checked.send ?? kySend(checked.ky, checked.fetch),
    url: baseUrl + dialect.path,
    headers: checked.headers,
    timeoutMs: checked.timeoutMs,
  };
  return {
    name: checked.name ?? `${checked.dialect} ${baseUrl}`,
    dedup: checked.dedup,
    maxBatchEvents: dialect.maxBatchEvents,
    maxBatchBytes: dialect.maxBatchBytes,
    maxInFlight: dialect.maxInFlight,
    headers: dialect.headers,
    check: dialect.check,
    send: ({ events }, { signal }) => sendBatch(route, events, signal),
    ...(checked.refreshCredentials === undefined ? {} : { refreshCredentials: checked.refreshCredentials }),
  };
};
