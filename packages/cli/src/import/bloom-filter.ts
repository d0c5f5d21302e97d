const MIN_BYTES = 1024 * 1024;
const MAX_BYTES = 256 * 1024 * 1024;
const SLICE = 8;
const SLICES = 4;

/** Remembers marks in a memory that does not grow with their number. Recognizes every mark that was added, and rarely one that was not. */
export class BloomFilter {
  readonly #bits: Uint8Array;
  readonly #mask: number;

  /** @param fileBytes - the size of the file, to estimate the number of marks */
  constructor(fileBytes: number) {
    const bytes = 2 ** Math.ceil(Math.log2(Math.max(MIN_BYTES, fileBytes / 16)));
    this.#bits = new Uint8Array(Math.min(MAX_BYTES, bytes));
    this.#mask = this.#bits.length * 8 - 1;
  }

  /**
   * @param mark - 32 hexadecimal digits
   * @returns whether the mark is certainly new
   */
  add(mark: string): boolean {
    let isNew = false;
    for (let slice = 0; slice < SLICES; slice++) {
      const bit = Number.parseInt(mark.slice(slice * SLICE, (slice + 1) * SLICE), 16) & this.#mask;
      const index = bit >>> 3;
      const flag = 1 << (bit & 7);
      const byte = this.#bits[index] ?? 0;
      if ((byte & flag) === 0) {
        isNew = true;
        this.#bits[index] = byte | flag;
      }
    }
    return isNew;
  }
}
