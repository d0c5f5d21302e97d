import type { Transport } from "@meter-lib/core/transport";
import { dialectTransport } from "./dialect-transport.ts";
import { eventsDialect } from "./events-dialect.ts";
import { checkOptions, type FetchTransportOptions } from "./fetch-transport-options.ts";
import { kafkaRestDialect } from "./kafka-rest-dialect.ts";

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
  const { dialect, topic = "usage-events", strictWire } = checked;
  return dialectTransport(
    dialect === "events" ? eventsDialect(strictWire) : kafkaRestDialect(topic, strictWire),
    checked,
  );
};
