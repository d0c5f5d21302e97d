/** Calls that wait until everything recorded before them is settled. Segments are numbered in the order of recording. */
export class Flushes {
  #waiting: { readonly upTo: number; readonly resolve: () => void }[] = [];

  get isAny(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves when all segments up to this number have left memory. The returned function gives up waiting. */
  until(upTo: number): { readonly settled: Promise<void>; readonly cancel: () => void } {
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    const flush = { upTo, resolve };
    this.#waiting.push(flush);
    const cancel = () => {
      this.#waiting = this.#waiting.filter((each) => each !== flush);
    };
    return { settled, cancel };
  }

  /** @param oldest - number of the oldest segment in memory */
  settledBefore(oldest: number): void {
    const done = this.#waiting.filter(({ upTo }) => upTo < oldest);
    this.#waiting = this.#waiting.filter(({ upTo }) => upTo >= oldest);
    for (const { resolve } of done) resolve();
  }
}
