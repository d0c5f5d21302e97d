import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import {
  type API,
  type Broker,
  type Connection,
  kGetApi,
  type NumericMap,
  ProduceAcks,
  Producer,
  type produceV11,
} from "@platformatic/kafka";
import type { KafkaRecord } from "./kafka-record.ts";
import type { Compression } from "./kafka-transport-options.ts";
import type { SaslOptions } from "./sasl-options.ts";
import { type TopicLeaders, topicLeaders } from "./topic-leaders.ts";

export interface KafkaClientOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly clientId: string;
  readonly compression: Compression;
  readonly sasl: SaslOptions | undefined;
  readonly tls: boolean | ConnectionOptions;
  /** Timeout of one request, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/**
 * Sends one produce request. Resolves to the broker's response, even if it reports errors; rejects if there is none.
 *
 * @param sequences - sequence number of the first record, by topic:partition
 */
export type Produce = (records: readonly KafkaRecord[], sequences: NumericMap) => Promise<unknown>;

const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;
const WITH_IP_ADDRESS = /^(?:\[|\d+\.\d+\.\d+\.\d+:)/;

/**
 * The connections and producer id of one idempotent producer. Each call makes one request.
 *
 * The library's own `send` is not used: it keeps retrying after its caller has given up, and it keeps partitions together that one broker
 * led at first, which no broker accepts once they have several leaders.
 */
export class KafkaClient {
  readonly #options: KafkaClientOptions;
  readonly #producer: Producer;
  readonly #connections = new Set<Connection>();

  constructor(options: KafkaClientOptions) {
    this.#options = options;
    this.#producer = createProducer(options);
    // The library handles failed connections; an unhandled second 'error' event would end the process.
    this.#producer.connections.on("connecting", ({ connection }) => {
      this.#connections.add(connection);
      connection.on("error", () => {});
      connection.once("close", () => this.#connections.delete(connection));
    });
  }

  /** Requests a producer id, unless it has one. */
  async identify(): Promise<void> {
    if (this.#producer.producerId === undefined) await this.#producer.initIdempotentProducer({});
  }

  /** Asks the first broker that accepts a connection. */
  async leaders(brokers: readonly Broker[]): Promise<TopicLeaders> {
    const connection = await this.#producer.connections.getFirstAvailable([...brokers]);
    const api = await this.#api<[topics: string[], autocreate: boolean, authorized: boolean]>("Metadata");
    const answer = await api
      .async(connection, [this.#options.topic], false, false)
      .catch((error: unknown) => {
        // The library reports a partition without a leader as an error, which holds the whole response.
        if (topicLeaders(answerIn(error)) === undefined) throw error;
        return answerIn(error);
      });
    const leaders = topicLeaders(answer);
    if (leaders === undefined) throw new Error(`the cluster does not describe ${this.#options.topic}`);
    return leaders;
  }

  /** Connects to a broker. Resolves to a function that sends. */
  async connect(broker: Broker): Promise<Produce> {
    const connection = await this.#producer.connections.get(broker);
    const api = await this.#api<produceV11.ProduceRequest>("Produce");
    const { requestTimeoutMs, compression } = this.#options;
    const { producerId = -1n, producerEpoch = -1 } = this.#producer;
    return async (records, sequences) => {
      const options = { compression, producerId, producerEpoch, sequences };
      try {
        return await api.async(connection, ProduceAcks.ALL, requestTimeoutMs, [...records], options);
      } catch (error) {
        const answer = answerIn(error);
        if (answer === undefined) throw error;
        return answer;
      }
    };
  }

  /** Closes it at once, aborting requests in flight. */
  discard(): void {
    this.#producer.close().catch(() => {});
    for (const connection of this.#connections) connection.socket?.destroy();
  }

  async close(): Promise<void> {
    const abort = new AbortController();
    const late = sleep(CLOSE_TIMEOUT_MS, undefined, { signal: abort.signal }).catch(() => {});
    // The library's close waits for sockets that may never close.
    await Promise.race([this.#producer.close().catch(() => {}), late]);
    abort.abort();
    this.discard();
  }

  /** Uses the newest version that both sides support. */
  #api<Arguments extends unknown[]>(name: string): Promise<API<Arguments, unknown>> {
    return new Promise((resolve, reject) => {
      this.#producer[kGetApi]<Arguments, unknown>(name, (error, api) => {
        if (api === undefined) reject(error);
        else resolve(api);
      });
    });
  }
}

const createProducer = (options: KafkaClientOptions): Producer => {
  const { brokers, clientId, sasl, tls, requestTimeoutMs } = options;
  return new Producer({
    clientId,
    bootstrapBrokers: [...brokers],
    maxInflights: 1,
    retries: 0,
    autocreateTopics: false,
    timeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectTimeout: Math.min(CONNECT_TIMEOUT_MS, requestTimeoutMs),
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    ...(tls === false
      ? {}
      : {
          tls: tls === true ? {} : tls,
          // The name in the certificate. TLS forbids IP addresses here.
          tlsServerName: !brokers.some((broker) => WITH_IP_ADDRESS.test(broker)),
        }),
  });
};

/** Returns the broker's response from the error that the library throws for it. */
const answerIn = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "response" in error ? error.response : undefined;

const saslOf = (sasl: SaslOptions) => {
  if (sasl.mechanism !== "OAUTHBEARER") return { ...sasl };
  const { mechanism, token, extensions } = sasl;
  return {
    mechanism,
    token,
    ...(extensions === undefined ? {} : { oauthBearerExtensions: { ...extensions } }),
  };
};
