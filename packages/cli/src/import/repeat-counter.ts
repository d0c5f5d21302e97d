const MIN_BYTES = 1024 * 1024;
const MAX_BYTES = 256 * 1024 * 1024;
const SLICE = 8;
const SLICES = 4;

/**
 * Numbers the rows of equal content, in a memory that does not grow with the file: a first pass finds out which marks come
 * perhaps more than once (a Bloom filter), a second one counts those, and those alone.
 */
export class RepeatCounter {
  readonly #filter: Uint8Array;
  readonly #mask: number;
  readonly #counts = new Map<string, number>();

  /** @param fileBytes - the size of the file, which tells how many rows there may be */
  constructor(fileBytes: number) {
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(MIN_BYTES, fileBytes / 16)));
    this.#filter = new Uint8Array(Math.min(MAX_BYTES, bytes));
    this.#mask = this.#filter.length * 8 - 1;
  }

  /** How many marks are kept. */
  get remembered(): number {
    return this.#counts.size;
  }

  /** First pass. */
  see(mark: string): void {
    let isNew = false;
    for (let slice = 0; slice < SLICES; slice++) {
      const bit = Number.parseInt(mark.slice(slice * SLICE, (slice + 1) * SLICE), 16) & this.#mask;
      const index = bit >>> 3;
      const flag = 1 << (bit & 7);
      const byte = this.#filter[index] ?? 0;
      if ((byte & flag) === 0) {
        isNew = true;
        this.#filter[index] = byte | flag;
      }
    }
    if (!isNew) this.#counts.set(mark, 0);
  }

  /** Second pass: the number of this row among those of its mark, from 1. */
  number(mark: string): number {
    const before = this.#counts.get(mark);
    if (before === undefined) return 1;
    this.#counts.set(mark, before + 1);
    return before + 1;
  }
}
