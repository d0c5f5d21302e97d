import { judgeCode } from "./judge-code.ts";

/**
 * What went over the wire while one batch was sent: how many produce requests left, how many were answered, and what each answer
 * said about each partition. Verdicts rest on it, not on what the client made of it.
 */
export class ProduceLog {
  #left = 0;
  #answered = 0;
  readonly #codes = new Map<number, number[]>();

  left(): void {
    this.#left++;
  }

  /** @param answer - the broker's, whatever its version: `responses[].partitionResponses[]` with `index` and `errorCode` */
  answered(answer: unknown): void {
    const partitions = partitionsOf(answer);
    // An answer that cannot be read is none.
    if (partitions === undefined) return;
    this.#answered++;
    for (const { index, errorCode } of partitions) {
      const codes = this.#codes.get(index);
      if (codes === undefined) this.#codes.set(index, [errorCode]);
      else codes.push(errorCode);
    }
  }

  /** Whether certainly no record left. */
  get isEmpty(): boolean {
    return this.#left === 0;
  }

  /** Whether some request got no answer, so that any record may have been written. */
  get isOpen(): boolean {
    return this.#left > this.#answered;
  }

  /** What was said about a partition, in order. */
  codesOf(partition: number): readonly number[] {
    return this.#codes.get(partition) ?? [];
  }

  /** Whether asking again may tell what became of records: then the client's repeat of the same request is worth its time. */
  get isInDoubt(): boolean {
    if (this.isOpen) return true;
    for (const codes of this.#codes.values()) {
      const meanings = codes.map(judgeCode);
      if (meanings.includes("unsure") && !meanings.includes("written")) return true;
    }
    return false;
  }
}

interface PartitionAnswer {
  readonly index: number;
  readonly errorCode: number;
}

const partitionsOf = (answer: unknown): readonly PartitionAnswer[] | undefined => {
  if (!hasKey(answer, "responses") || !Array.isArray(answer.responses)) return undefined;
  const all: PartitionAnswer[] = [];
  for (const topic of answer.responses) {
    if (!hasKey(topic, "partitionResponses") || !Array.isArray(topic.partitionResponses)) return undefined;
    for (const partition of topic.partitionResponses) {
      if (!isPartitionAnswer(partition)) return undefined;
      all.push(partition);
    }
  }
  return all;
};

const hasKey = <Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> =>
  typeof value === "object" && value !== null && key in value;

const isPartitionAnswer = (value: unknown): value is PartitionAnswer =>
  hasKey(value, "index") &&
  hasKey(value, "errorCode") &&
  typeof value.index === "number" &&
  typeof value.errorCode === "number";
