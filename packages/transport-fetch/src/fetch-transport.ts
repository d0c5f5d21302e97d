import type { Transport } from "@meter-lib/core/transport";
import { dialectTransport } from "./dialect-transport.ts";
import { eventsDialect } from "./dialects/events-dialect.ts";
import { kafkaRestDialect } from "./dialects/kafka-rest-dialect.ts";
import { checkOptions, type FetchTransportOptions } from "./fetch-transport-options.ts";

/**
 * Sends events over HTTP, in the dialect of the receiver. Each attempt is one request: it does not retry, which is the client's task,
 * and does not follow redirects.
 *
 * @throws MeterError `invalid_options` that names every invalid option
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
  const { dialect, topic = "usage-events", strictWire, corrections } = checked;
  return dialectTransport(
    dialect === "events"
      ? eventsDialect(strictWire)
      : {
          ...kafkaRestDialect(topic, strictWire),
          ...(corrections === false
            ? {}
            : { receiver: { corrections: corrections === true ? AT_ANY_TIME : corrections } }),
        },
    checked,
  );
};

const AT_ANY_TIME = { cancelMs: Number.POSITIVE_INFINITY, amendMs: Number.POSITIVE_INFINITY };
