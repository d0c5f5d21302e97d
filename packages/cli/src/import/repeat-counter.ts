import { BloomFilter } from "./bloom-filter.ts";

/**
 * Numbers the rows of equal content, in a memory that does not grow with the file: a first pass finds out which marks come
 * perhaps more than once, a second one counts those, and those alone.
 */
export class RepeatCounter {
  readonly #filter: BloomFilter;
  readonly #counts = new Map<string, number>();

  /** @param fileBytes - the size of the file, which tells how many rows there may be */
  constructor(fileBytes: number) {
    this.#filter = new BloomFilter(fileBytes);
  }

  /** How many marks are kept. */
  get remembered(): number {
    return this.#counts.size;
  }

  /** First pass. */
  see(mark: string): void {
    if (!this.#filter.add(mark)) this.#counts.set(mark, 0);
  }

  /** Second pass: the number of this row among those of its mark, from 1. */
  number(mark: string): number {
    const before = this.#counts.get(mark);
    if (before === undefined) return 1;
    this.#counts.set(mark, before + 1);
    return before + 1;
  }
}
