import type { Broker } from "@platformatic/kafka";
import type { TopicLeaders } from "./topic-leaders.ts";

const MAX_AGE_MS = 5_000;

/** Caches the leaders of the partitions. Asks the cluster if they are unknown, outdated or found wrong. */
export class LeaderDirectory {
  readonly #firstBrokers: readonly Broker[];
  readonly #ask: (brokers: readonly Broker[]) => Promise<TopicLeaders>;
  #brokers: readonly Broker[] = [];
  #leaders: TopicLeaders | undefined;
  #knownAt = 0;
  #misses = 0;

  /**
   * @param firstBrokers - bootstrap brokers, asked before those that the cluster named
   * @param ask - asks the first broker that accepts a connection
   */
  constructor(firstBrokers: readonly Broker[], ask: (brokers: readonly Broker[]) => Promise<TopicLeaders>) {
    this.#firstBrokers = firstBrokers;
    this.#ask = ask;
  }

  async get(): Promise<TopicLeaders> {
    if (this.#leaders !== undefined && performance.now() - this.#knownAt < MAX_AGE_MS) return this.#leaders;
    const brokers = [...this.#firstBrokers, ...this.#brokers];
    // One that takes connections and answers nothing must not be asked first for ever.
    const first = this.#misses % brokers.length;
    try {
      this.#leaders = await this.#ask([...brokers.slice(first), ...brokers.slice(0, first)]);
    } catch (error) {
      this.#misses++;
      throw error;
    }
    this.#brokers = this.#leaders.brokers;
    this.#knownAt = performance.now();
    return this.#leaders;
  }

  /** Discards the cached leaders. */
  forget(): void {
    this.#leaders = undefined;
  }
}
