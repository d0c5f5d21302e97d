import { BloomFilter } from "./bloom-filter.ts";

/**
 * Numbers rows of equal content. Memory does not grow with the file: a first pass finds marks that may repeat, a second pass counts only
 * those.
 */
export class RepeatCounter {
  readonly #filter: BloomFilter;
  readonly #counts = new Map<string, number>();

  /** @param fileBytes - the size of the file, to estimate the number of rows */
  constructor(fileBytes: number) {
    this.#filter = new BloomFilter(fileBytes);
  }

  /** Number of marks in memory. */
  get remembered(): number {
    return this.#counts.size;
  }

  /** First pass. */
  see(mark: string): void {
    if (!this.#filter.add(mark)) this.#counts.set(mark, 0);
  }

  /** Second pass: returns the number of this row among the rows with its mark, from 1. */
  number(mark: string): number {
    const before = this.#counts.get(mark);
    if (before === undefined) return 1;
    this.#counts.set(mark, before + 1);
    return before + 1;
  }
}
