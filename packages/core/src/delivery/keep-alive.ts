/** Gives a runtime that stops when it thinks all is done one promise for each burst of events. */
export class KeepAlive {
  readonly #waitUntil: ((work: Promise<unknown>) => void) | undefined;
  readonly #drain: () => Promise<boolean>;
  readonly #failed: (error: unknown) => void;
  #isKept = false;
  #hasMore = false;

  /**
   * @param drain - resolves when what was recorded before is settled, or it takes too long
   * @param failed - told when `waitUntil` throws
   */
  constructor(
    waitUntil: ((work: Promise<unknown>) => void) | undefined,
    drain: () => Promise<boolean>,
    failed: (error: unknown) => void,
  ) {
    this.#waitUntil = waitUntil;
    this.#drain = drain;
    this.#failed = failed;
  }

  /** There is something to be done. */
  keep(): void {
    if (this.#waitUntil === undefined) return;
    this.#hasMore = true;
    if (this.#isKept) return;
    this.#isKept = true;
    try {
      this.#waitUntil(this.#work());
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Until nothing was recorded meanwhile. */
  async #work(): Promise<void> {
    while (this.#hasMore) {
      // The events of the task that recorded the first are among the first to go.
      await Promise.resolve();
      this.#hasMore = false;
      if (!(await this.#drain())) break;
    }
    this.#isKept = false;
  }
}
