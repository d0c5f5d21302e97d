/** Gives a runtime that stops when it seems idle one promise per burst of events. */
export class KeepAlive {
  readonly #waitUntil: ((work: Promise<unknown>) => void) | undefined;
  readonly #drain: () => Promise<boolean>;
  readonly #failed: (error: unknown) => void;
  #isKept = false;
  #hasMore = false;

  /**
   * @param drain - resolves when what was recorded before is settled, or on timeout
   * @param failed - called when `waitUntil` throws or rejects
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

  /** There is work to do. */
  keep(): void {
    if (this.#waitUntil === undefined) return;
    this.#hasMore = true;
    if (this.#isKept) return;
    this.#isKept = true;
    const waitUntil = this.#waitUntil;
    const work = this.#work();
    void (async () => waitUntil(work))().catch(this.#failed);
  }

  /** Repeats until nothing was recorded in the meantime. */
  async #work(): Promise<void> {
    while (this.#hasMore) {
      // The events that the same task records leave with the first.
      await Promise.resolve();
      this.#hasMore = false;
      if (!(await this.#drain())) break;
    }
    this.#isKept = false;
  }
}
