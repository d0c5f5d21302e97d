import type { Corrections, OutgoingEvent, SendAnswer, Transport } from "@meter-lib/core/transport";
import { reservedMetadataIssue } from "@meter-lib/core/wire";
import { kafkaRecords } from "./kafka-record.ts";
import { KafkaSession } from "./kafka-session.ts";
import { checkOptions, type KafkaTransportOptions } from "./kafka-transport-options.ts";
import { sendBatch } from "./send-batch.ts";
import { SessionPool } from "./session-pool.ts";

/**
 * Writes events to a Kafka topic: keyed by customer, idempotent, acknowledged by all in-sync replicas. The value of a record is what a
 * Kafka REST server would write; the ids are record headers (`meter.event_id` and so on). It connects on the first batch.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * const transport = kafkaTransport({
 *   brokers: ["kafka-1.example.com:9093", "kafka-2.example.com:9093"],
 *   tls: true,
 *   sasl: { mechanism: "SCRAM-SHA-512", username: "metering", password: () => readSecret("kafka") },
 * });
 * ```
 */
export const kafkaTransport = (options: KafkaTransportOptions): Transport => {
  const checked = checkOptions(options);
  const { brokers, topic, producers, timeoutMs, dedup, corrections, refreshCredentials } = checked;
  const sessionOptions = { ...checked, sasl: checked.sasl };
  const pool = new SessionPool(
    producers,
    // Each begins with another broker: one that takes connections and answers nothing does not stop them all.
    (made) => new KafkaSession({ ...sessionOptions, brokers: rotated(brokers, made) }),
  );

  const recordOf = kafkaRecords(topic);

  const send = async (events: readonly OutgoingEvent[], signal: AbortSignal): Promise<SendAnswer> => {
    const abort = new AbortController();
    const stop = () => abort.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const timer = setTimeout(() => abort.abort(new Error(`no response within ${timeoutMs} ms`)), timeoutMs);
    try {
      const answer = await pool.use(abort.signal, (session) =>
        sendBatch(session, events, recordOf, abort.signal),
      );
      return answer ?? { fault: { kind: "unavailable", reason: "not sent: no free producer in time" } };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  };

  return {
    name: checked.name ?? `kafka ${topic}`,
    receiver: { dedup, corrections: takenCorrections(corrections) },
    limits: { maxInFlight: producers, maxBatchEvents: MAX_BATCH_EVENTS },
    check: { event: reservedMetadataIssue },
    send: ({ events }, { signal }) => send(events, signal),
    ...(refreshCredentials === undefined ? {} : { refreshCredentials }),
    [Symbol.asyncDispose]: () => pool.close(),
  };
};

const takenCorrections = (given: boolean | Corrections): Corrections | undefined =>
  given === true ? AT_ANY_TIME : given === false ? undefined : given;

const AT_ANY_TIME = { cancelMs: Number.POSITIVE_INFINITY, amendMs: Number.POSITIVE_INFINITY };

// One request carries a batch for each partition, so it takes more events than elsewhere to fill them.
const MAX_BATCH_EVENTS = 1_000;

const rotated = (brokers: readonly string[], by: number): readonly string[] => {
  const start = by % brokers.length;
  return [...brokers.slice(start), ...brokers.slice(0, start)];
};
