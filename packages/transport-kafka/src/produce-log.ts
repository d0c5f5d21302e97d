import * as v from "valibot";
import { endsSession, judgeCode } from "./judge-code.ts";

// https://kafka.apache.org/protocol#The_Messages_Produce
const schema = v.object({
  responses: v.array(
    v.object({ partitionResponses: v.array(v.object({ index: v.number(), errorCode: v.number() })) }),
  ),
});

interface Entry {
  /** How many requests with records for this partition have left. */
  left: number;
  /** What each answer said. */
  readonly codes: number[];
  /** Whether the last thing heard was an answer. */
  answeredLast: boolean;
  error: unknown;
}

/**
 * What went over the wire while one batch was sent, for each partition: how many requests left, what the answers said, and why
 * there was none. Verdicts rest on it.
 */
export class ProduceLog {
  readonly #entries = new Map<number, Entry>();

  left(partition: number): void {
    const entry = this.#entry(partition);
    entry.left++;
    entry.answeredLast = false;
  }

  /** @param answer - the broker's, whatever its version. What cannot be read is no answer. */
  answered(answer: unknown): void {
    const { success, output } = v.safeParse(schema, answer);
    if (!success) return;
    for (const { index, errorCode } of output.responses.flatMap((topic) => topic.partitionResponses)) {
      const entry = this.#entry(index);
      entry.codes.push(errorCode);
      entry.answeredLast = true;
    }
  }

  /** Nothing could be sent, or no answer came, because of this. */
  failed(partition: number, error: unknown): void {
    this.#entry(partition).error = error;
  }

  /** Whether certainly no record left, for any partition. */
  get isEmpty(): boolean {
    return [...this.#entries.values()].every(({ left }) => left === 0);
  }

  hasLeft(partition: number): boolean {
    return this.#entry(partition).left > 0;
  }

  /** Whether some request got no answer, so that its records may have been written. */
  isOpen(partition: number): boolean {
    const { left, codes } = this.#entry(partition);
    return left > codes.length;
  }

  /** What was said about a partition, in order. */
  codesOf(partition: number): readonly number[] {
    return this.#entry(partition).codes;
  }

  errorOf(partition: number): unknown {
    return this.#entry(partition).error;
  }

  isWritten(partition: number): boolean {
    return this.codesOf(partition).some((code) => judgeCode(code) === "written");
  }

  /** Whether nobody knows if its records were written. */
  isInDoubt(partition: number): boolean {
    if (this.isWritten(partition)) return false;
    return this.isOpen(partition) || this.codesOf(partition).some((code) => judgeCode(code) === "unsure");
  }

  /** Whether the same request again may tell what became of the first one. */
  isWorthAsking(partition: number): boolean {
    if (!this.isInDoubt(partition)) return false;
    const { codes, answeredLast } = this.#entry(partition);
    const last = codes.at(-1);
    if (last === undefined || !answeredLast) return true;
    const meaning = judgeCode(last);
    return meaning === "unsure" || (meaning === "retry" && !endsSession(last));
  }

  /** Whether the producer cannot go on: it does not know, or the broker does not, which sequence number is next. */
  get endsSession(): boolean {
    return [...this.#entries].some(
      ([partition, { codes }]) => this.isInDoubt(partition) || codes.some(endsSession),
    );
  }

  #entry(partition: number): Entry {
    let entry = this.#entries.get(partition);
    if (entry === undefined) {
      entry = { left: 0, codes: [], answeredLast: false, error: undefined };
      this.#entries.set(partition, entry);
    }
    return entry;
  }
}
