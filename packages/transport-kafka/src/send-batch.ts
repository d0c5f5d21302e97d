import type { DestinationFault, Outcome, OutgoingEvent, SendAnswer } from "@meter-lib/core";
import { judgePartition, judgePreparation, type Verdict } from "./judge-partition.ts";
import { kafkaRecord } from "./kafka-record.ts";
import type { KafkaSession, PlacedRecord } from "./kafka-session.ts";
import { partitionOf } from "./partition-of.ts";

/** A record and its place in the batch. */
interface Item {
  readonly index: number;
  readonly record: PlacedRecord;
}

export interface Sent {
  readonly result: SendAnswer;
  /** The session may not be used again. */
  readonly broken: boolean;
}

/** Sends a batch through one session: an outcome for each event, or a fault that touched none of them. */
export const sendBatch = async (
  session: KafkaSession,
  events: readonly OutgoingEvent[],
  signal: AbortSignal,
): Promise<Sent> => {
  const partitions = await session.prepare(signal);
  if (typeof partitions !== "number")
    return { result: { fault: judgePreparation(partitions) }, broken: true };
  if (partitions < 1) {
    const fault: DestinationFault = { kind: "unavailable", reason: "the topic has no partitions yet" };
    return { result: { fault }, broken: true };
  }
  const items = events.map((event, index): Item => {
    const record = kafkaRecord(event);
    return { index, record: { ...record, partition: partitionOf(record.key, partitions) } };
  });
  const delivery = new Delivery(session, signal, items.length);
  await delivery.send(items);
  return { result: delivery.answer, broken: delivery.broken };
};

class Delivery {
  readonly #session: KafkaSession;
  readonly #signal: AbortSignal;
  readonly #verdicts: Verdict[];
  broken = false;

  constructor(session: KafkaSession, signal: AbortSignal, size: number) {
    this.#session = session;
    this.#signal = signal;
    this.#verdicts = new Array(size);
  }

  /**
   * A partition refuses its records together and does not say which of them it means: they are halved until the one is alone.
   */
  async send(items: readonly Item[]): Promise<void> {
    if (this.broken || this.#signal.aborted) {
      this.#judge(items, { state: "retry", reason: "not sent: the request before it had no clear answer" });
      return;
    }
    const failure = await this.#session.send(
      items.map(({ record }) => record),
      this.#signal,
    );
    if (failure === undefined) {
      this.#judge(items, { state: "acknowledged" });
      return;
    }
    const { log } = failure;
    this.broken = failure.timeout || log.isEmpty || log.isInDoubt;
    const firstHalves: Item[] = [];
    const secondHalves: Item[] = [];
    for (const [partition, group] of Map.groupBy(items, ({ record }) => record.partition)) {
      const verdict = judgePartition(log, partition, failure);
      if ("state" in verdict && verdict.state === "rejected" && group.length > 1) {
        const middle = Math.ceil(group.length / 2);
        firstHalves.push(...group.slice(0, middle));
        secondHalves.push(...group.slice(middle));
      } else {
        this.#judge(group, verdict);
      }
    }
    // Both halves of a partition in one request would be one batch again.
    if (firstHalves.length > 0) await this.send(firstHalves);
    if (secondHalves.length > 0) await this.send(secondHalves);
  }

  get answer(): SendAnswer {
    const outcomes: Outcome[] = [];
    let fault: DestinationFault | undefined;
    for (const verdict of this.#verdicts) {
      if ("kind" in verdict) {
        fault ??= verdict;
        outcomes.push({ state: "retry", reason: verdict.reason });
      } else {
        outcomes.push(verdict);
      }
    }
    // A fault speaks for the whole batch, which is only true while nothing of it was taken.
    if (fault !== undefined && outcomes.every(({ state }) => state === "retry")) return { fault };
    return { outcomes };
  }

  #judge(items: readonly Item[], verdict: Verdict): void {
    for (const { index } of items) this.#verdicts[index] = verdict;
  }
}
