import { setTimeout as sleep } from "node:timers/promises";
import { NumericMap, parseBroker } from "@platformatic/kafka";
import { isStartingUp } from "./judge-connection.ts";
import { KafkaClient, type KafkaClientOptions } from "./kafka-client.ts";
import type { KafkaRecord } from "./kafka-record.ts";
import { LeaderDirectory } from "./leader-directory.ts";
import { ProduceLog } from "./produce-log.ts";
import type { TopicLeaders } from "./topic-leaders.ts";

export interface SessionOptions extends Omit<KafkaClientOptions, "requestTimeoutMs"> {
  /** Timeout of a batch, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Failed {
  readonly error: unknown;
  /** Whether the wait ended before a response. */
  readonly timeout: boolean;
}

const ASK_AGAIN_MS = 200;
/** If a broker stops responding, there is still time to find its successor and to ask it. */
const REQUESTS_IN_TIME = 3;
const SEQUENCES = 2 ** 31;

/**
 * One idempotent producer. It sends one batch at a time. Every call settles when its signal aborts, and nothing is sent after that.
 */
export class KafkaSession {
  readonly #topic: string;
  readonly #client: KafkaClient;
  readonly #leaders: LeaderDirectory;
  /** Sequence number of the next record, by topic:partition. */
  readonly #sequences = new NumericMap();
  readonly #ended = new AbortController();

  constructor({ timeoutMs, ...options }: SessionOptions) {
    this.#topic = options.topic;
    this.#client = new KafkaClient({ ...options, requestTimeoutMs: Math.ceil(timeoutMs / REQUESTS_IN_TIME) });
    this.#leaders = new LeaderDirectory(
      options.brokers.map((broker) => parseBroker(broker)),
      (brokers) => this.#client.leaders(brokers),
    );
  }

  /** Connects if necessary. Resolves to the number of partitions. */
  async prepare(signal: AbortSignal): Promise<number | Failed> {
    const until = AbortSignal.any([signal, this.#ended.signal]);
    const ask = async (): Promise<number | Failed> => {
      for (;;) {
        try {
          const { partitions } = await this.#leaders.get();
          await this.#client.identify();
          return partitions;
        } catch (error) {
          // Nothing was sent, so there is no need to retry here: the engine does.
          if (!isStartingUp(error) || until.aborted) return { error, timeout: signal.aborted };
          await pause(until);
        }
      }
    };
    return (await beforeAbort(ask(), until)) ?? { error: until.reason, timeout: signal.aborted };
  }

  /** Sends records to their partitions, and repeats the request while that can clarify an unsure outcome. */
  async send(records: readonly KafkaRecord[], signal: AbortSignal): Promise<ProduceLog> {
    const log = new ProduceLog();
    const until = AbortSignal.any([signal, this.#ended.signal]);
    // The broker knows a repeat by its number: what is in a partition's batch stays together.
    const batches = Map.groupBy(records, ({ partition }) => partition);
    const ask = async (): Promise<void> => {
      let open: Batches = batches;
      while (open.size > 0) {
        await this.#produce(open, log, until);
        open = new Map([...open].filter(([partition]) => log.isWorthAsking(partition)));
        if (until.aborted) return;
        if (open.size > 0) await pause(until);
      }
    };
    await beforeAbort(ask(), until);
    return log;
  }

  /** Closes it at once, aborting requests in flight. */
  discard(): void {
    this.#ended.abort(new Error("closed"));
    this.#client.discard();
  }

  async close(): Promise<void> {
    await this.#client.close();
    this.discard();
  }

  /** Sends one request to each leader. Never rejects. */
  async #produce(batches: Batches, log: ProduceLog, until: AbortSignal): Promise<void> {
    let leaders: TopicLeaders;
    try {
      leaders = await this.#leaders.get();
    } catch (error) {
      for (const partition of batches.keys()) log.failed(partition, error);
      return;
    }
    const byLeader = Map.groupBy(batches, ([partition]) => leaders.leaderOf(partition));
    await Promise.all(
      [...byLeader].map(async ([leader, led]) => {
        try {
          if (leader === undefined) throw new Error("a partition has no leader now");
          const produce = await this.#client.connect(leader);
          if (until.aborted) return;
          for (const [partition] of led) log.left(partition);
          log.answered(
            await produce(
              led.flatMap(([, records]) => records),
              this.#sequences,
            ),
          );
        } catch (error) {
          for (const [partition] of led) log.failed(partition, error);
          this.#leaders.forget();
        }
      }),
    );
    for (const [partition, { length }] of batches) {
      if (log.isWritten(partition)) this.#advance(partition, length);
      else if (log.isInDoubt(partition)) this.#leaders.forget();
    }
  }

  #advance(partition: number, records: number): void {
    const key = `${this.#topic}:${partition}`;
    this.#sequences.set(key, (this.#sequences.getWithDefault(key, 0) + records) % SEQUENCES);
  }
}

type Batches = ReadonlyMap<number, readonly KafkaRecord[]>;

const pause = (until: AbortSignal): Promise<void> =>
  sleep(ASK_AGAIN_MS, undefined, { signal: until }).catch(() => {});

/** Resolves like the promise, or to undefined if the signal aborts first. */
const beforeAbort = async <T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> => {
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
};
