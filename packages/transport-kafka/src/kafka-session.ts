import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import { type Connection, connectionsApiChannel, ProduceAcks, Producer } from "@platformatic/kafka";
import { isStartingUp } from "./judge-connection.ts";
import type { KafkaRecord } from "./kafka-record.ts";
import type { Compression } from "./kafka-transport-options.ts";
import { ProduceLog } from "./produce-log.ts";
import type { SaslOptions } from "./sasl-options.ts";

export interface SessionOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly clientId: string;
  readonly compression: Compression;
  readonly sasl: SaslOptions | undefined;
  readonly tls: boolean | ConnectionOptions;
  readonly timeoutMs: number;
}

export interface Failed {
  readonly error: unknown;
  /** Nobody waited any longer. */
  readonly timeout: boolean;
}

const PRODUCE = 0;
const RETRY_DELAY_MS = 200;
const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;
const WITH_IP_ADDRESS = /^(?:\[|\d+\.\d+\.\d+\.\d+:)/;

/**
 * One idempotent producer and its connections. It sends one batch at a time and never outlives its word: every call settles when
 * its signal aborts, whatever the client underneath does.
 */
export class KafkaSession {
  readonly #options: SessionOptions;
  readonly #producer: Producer;
  readonly #connections = new Set<Connection>();
  readonly #stopWatching: () => void;
  #isWatched = false;
  #log = new ProduceLog();
  /** Called when the client has failed once and is about to try again. */
  #failedOnce: (error: unknown) => void = () => {};

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#producer = this.#createProducer();
    // The client answers for failed connections by itself; a second 'error' of one would end the process.
    this.#producer.connections.on("connecting", ({ connection }) => {
      this.#connections.add(connection);
      connection.on("error", () => {});
      connection.once("close", () => this.#connections.delete(connection));
    });
    this.#stopWatching = this.#watch();
  }

  /** Connects where it is not connected; resolves to the number of partitions. */
  prepare(signal: AbortSignal): Promise<number | Failed> {
    const { topic } = this.#options;
    const ask = async (): Promise<number> => {
      const { topics } = await this.#producer.metadata({ topics: [topic] });
      if (this.#producer.producerId === undefined) await this.#producer.initIdempotentProducer({});
      return topics.get(topic)?.partitionsCount ?? 0;
    };
    // Nothing is at stake yet: one failure is an answer, the engine knows when to try again.
    return this.#run(ask, signal, (error) => !isStartingUp(error));
  }

  /** Sends records; resolves to undefined when all were written, else to what is known. */
  async send(
    records: readonly KafkaRecord[],
    signal: AbortSignal,
  ): Promise<undefined | (Failed & { readonly log: ProduceLog })> {
    const { compression } = this.#options;
    const log = new ProduceLog();
    this.#log = log;
    // If the wire could not be watched, no failure proves that nothing left.
    if (!this.#isWatched) log.left();
    const result = await this.#run(
      async () => {
        await this.#producer.send({
          messages: [...records],
          // Said here and not in the constructor, where it would mean endless retries and, after an error, a gap in the sequence.
          idempotent: true,
          acks: ProduceAcks.ALL,
          compression,
        });
      },
      signal,
      () => !log.isInDoubt,
    );
    return result === undefined ? undefined : { ...result, log };
  }

  /** Ends it at once; what is on the way is cut off. */
  discard(): void {
    this.#stopWatching();
    this.#producer.close().catch(() => {});
    for (const connection of this.#connections) connection.socket?.destroy();
  }

  async close(): Promise<void> {
    const abort = new AbortController();
    const late = sleep(CLOSE_TIMEOUT_MS, undefined, { signal: abort.signal }).catch(() => {});
    // The client's close waits for sockets that may never end.
    await Promise.race([this.#producer.close().catch(() => {}), late]);
    abort.abort();
    this.discard();
  }

  /** @param giveUp - whether a first failure settles it, or the client may try again until the signal aborts */
  async #run<T>(
    work: () => Promise<T>,
    signal: AbortSignal,
    giveUp: (error: unknown) => boolean,
  ): Promise<T | Failed> {
    let stop = () => {};
    const stopped = new Promise<Failed>((resolve) => {
      stop = () => resolve({ error: signal.reason, timeout: true });
      signal.addEventListener("abort", stop, { once: true });
      if (signal.aborted) stop();
      this.#failedOnce = (error) => {
        if (giveUp(error)) resolve({ error, timeout: false });
      };
    });
    try {
      return await Promise.race([
        work().catch((error: unknown): Failed => ({ error, timeout: false })),
        stopped,
      ]);
    } finally {
      signal.removeEventListener("abort", stop);
      this.#failedOnce = () => {};
    }
  }

  #createProducer(): Producer {
    const { brokers, clientId, sasl, tls, timeoutMs } = this.#options;
    return new Producer({
      clientId,
      bootstrapBrokers: [...brokers],
      maxInflights: 1,
      // The same request again is what resolves doubt, so it goes on until the deadline, which is ours.
      retries: Number.MAX_SAFE_INTEGER,
      retryDelay: (_client, _operation, _attempt, _retries, error) => {
        this.#failedOnce(error);
        return RETRY_DELAY_MS;
      },
      autocreateTopics: false,
      timeout: timeoutMs,
      requestTimeout: timeoutMs,
      connectTimeout: Math.min(CONNECT_TIMEOUT_MS, timeoutMs),
      ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
      ...(tls === false
        ? {}
        : {
            tls: tls === true ? {} : tls,
            // The name that the certificate is for, except where TLS forbids it.
            tlsServerName: !brokers.some((broker) => WITH_IP_ADDRESS.test(broker)),
          }),
    });
  }

  #watch(): () => void {
    const left = (message: unknown) => {
      if (!isOwn(message, this.#connections)) return;
      this.#isWatched = true;
      if (message.apiKey === PRODUCE) this.#log.left();
    };
    const answered = (message: unknown) => {
      if (!isOwn(message, this.#connections) || message.apiKey !== PRODUCE) return;
      this.#log.answered(message.result ?? responseOf(message.error));
    };
    connectionsApiChannel.start.subscribe(left);
    connectionsApiChannel.asyncStart.subscribe(answered);
    return () => {
      connectionsApiChannel.start.unsubscribe(left);
      connectionsApiChannel.asyncStart.unsubscribe(answered);
    };
  }
}

interface ApiMessage {
  readonly apiKey: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

const isOwn = (message: unknown, connections: ReadonlySet<unknown>): message is ApiMessage =>
  typeof message === "object" &&
  message !== null &&
  "apiKey" in message &&
  "connection" in message &&
  connections.has(message.connection);

const responseOf = (error: unknown): unknown =>
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
