import * as v from "valibot";
import { endsSession, judgeCode } from "./judge-code.ts";

// https://kafka.apache.org/protocol#The_Messages_Produce
const schema = v.object({
  responses: v.array(
    v.object({ partitionResponses: v.array(v.object({ index: v.number(), errorCode: v.number() })) }),
  ),
});

interface Entry {
  /** Number of requests sent with records for this partition. */
  left: number;
  /** Error code of each response. */
  readonly codes: number[];
  /** Whether the last request got a response. */
  answeredLast: boolean;
  error: unknown;
}

/**
 * Logs the requests of one batch for each partition: how many were sent, the codes of the responses, and errors. Outcomes are derived
 * from it.
 */
export class ProduceLog {
  readonly #entries = new Map<number, Entry>();

  left(partition: number): void {
    const entry = this.#entry(partition);
    entry.left++;
    entry.answeredLast = false;
  }

  /** @param answer - the broker's response, of any version. An unreadable one counts as none. */
  answered(answer: unknown): void {
    const { success, output } = v.safeParse(schema, answer);
    if (!success) return;
    for (const { index, errorCode } of output.responses.flatMap((topic) => topic.partitionResponses)) {
      const entry = this.#entry(index);
      entry.codes.push(errorCode);
      entry.answeredLast = true;
    }
  }

  /** Records why nothing was sent, or why no response came. */
  failed(partition: number, error: unknown): void {
    this.#entry(partition).error = error;
  }

  /** Whether certainly no record was sent to any partition. */
  get isEmpty(): boolean {
    return [...this.#entries.values()].every(({ left }) => left === 0);
  }

  hasLeft(partition: number): boolean {
    return this.#entry(partition).left > 0;
  }

  /** Whether a request got no response, so that its records may have been written. */
  isOpen(partition: number): boolean {
    const { left, codes } = this.#entry(partition);
    return left > codes.length;
  }

  /** Returns the codes of the responses for a partition, in order. */
  codesOf(partition: number): readonly number[] {
    return this.#entry(partition).codes;
  }

  errorOf(partition: number): unknown {
    return this.#entry(partition).error;
  }

  isWritten(partition: number): boolean {
    return this.codesOf(partition).some((code) => judgeCode(code) === "written");
  }

  /** Whether it is unknown if its records were written. */
  isInDoubt(partition: number): boolean {
    if (this.isWritten(partition)) return false;
    return this.isOpen(partition) || this.codesOf(partition).some((code) => judgeCode(code) === "unsure");
  }

  /** Whether repeating the request may clarify the outcome of the first one. */
  isWorthAsking(partition: number): boolean {
    if (!this.isInDoubt(partition)) return false;
    const { codes, answeredLast } = this.#entry(partition);
    const last = codes.at(-1);
    if (last === undefined || !answeredLast) return true;
    const meaning = judgeCode(last);
    return meaning === "unsure" || (meaning === "retry" && !endsSession(last));
  }

  /** Whether the producer must be replaced, because it or the broker has lost track of the sequence numbers. */
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
