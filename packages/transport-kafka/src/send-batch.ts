import type { DestinationFault, Outcome, OutgoingEvent, SendAnswer } from "@meter-lib/core/transport";
import { judgePartition, judgePreparation, type Verdict } from "./judge-partition.ts";
import type { KafkaRecord } from "./kafka-record.ts";
import type { KafkaSession } from "./kafka-session.ts";

export interface Sent {
  readonly result: SendAnswer;
  /** Whether the session must not be used again. */
  readonly broken: boolean;
}

/** Sends a batch through one session. Resolves to an outcome for each event, or a fault that affected none. */
export const sendBatch = async (
  session: KafkaSession,
  events: readonly OutgoingEvent[],
  recordOf: (event: OutgoingEvent, partitions: number) => KafkaRecord,
  signal: AbortSignal,
): Promise<Sent> => {
  const partitions = await session.prepare(signal);
  if (typeof partitions !== "number")
    return { result: { fault: judgePreparation(partitions) }, broken: true };
  if (partitions < 1) {
    const fault: DestinationFault = { kind: "unavailable", reason: "the topic has no partitions yet" };
    return { result: { fault }, broken: true };
  }
  const records = events.map((event) => recordOf(event, partitions));
  const delivery = new Delivery(session, signal, records.length);
  await delivery.send(records, [...records.keys()]);
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
   * Sends records. A partition refuses all its records without naming the bad one, so they are halved until it is found.
   *
   * @param places - positions of the records in the batch
   */
  async send(records: readonly KafkaRecord[], places: readonly number[]): Promise<void> {
    if (this.broken || this.#signal.aborted) {
      this.#judge(places, { state: "retry", reason: "not sent: the request before it had no clear answer" });
      return;
    }
    const log = await this.#session.send(records, this.#signal);
    this.broken = this.#signal.aborted || log.isEmpty || log.endsSession;
    const firstHalves: number[] = [];
    const secondHalves: number[] = [];
    const groups = Map.groupBy(records.keys(), (index) => records[index]?.partition ?? 0);
    for (const [partition, group] of groups) {
      const verdict = judgePartition(log, partition, this.#signal.aborted);
      if ("state" in verdict && verdict.state === "rejected" && group.length > 1) {
        const middle = Math.ceil(group.length / 2);
        firstHalves.push(...group.slice(0, middle));
        secondHalves.push(...group.slice(middle));
      } else {
        this.#judge(pick(places, group), verdict);
      }
    }
    // In one request, both halves of a partition would be one batch again.
    for (const half of [firstHalves, secondHalves]) {
      if (half.length > 0) await this.send(pick(records, half), pick(places, half));
    }
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
    // A fault is for the whole batch, so it can only be returned while no event was accepted.
    if (fault !== undefined && outcomes.every(({ state }) => state === "retry")) return { fault };
    return { outcomes };
  }

  #judge(places: readonly number[], verdict: Verdict): void {
    for (const place of places) this.#verdicts[place] = verdict;
  }
}

const pick = <T>(all: readonly T[], indexes: readonly number[]): readonly T[] =>
  indexes.flatMap((index) => all.slice(index, index + 1));
