/** Gives a runtime that stops when it thinks all is done one promise for each burst of events. */
export class KeepAlive {
  readonly #waitUntil: ((work: Promise<unknown>) => void) | undefined;
  readonly #work: () => Promise<unknown>;
  readonly #failed: (error: unknown) => void;
  #isKept = false;

  /**
   * @param work - starts what is to be waited for
   * @param failed - told when `waitUntil` throws
   */
  constructor(
    waitUntil: ((work: Promise<unknown>) => void) | undefined,
    work: () => Promise<unknown>,
    failed: (error: unknown) => void,
  ) {
    this.#waitUntil = waitUntil;
    this.#work = work;
    this.#failed = failed;
  }

  /** There is something to be done. */
  keep(): void {
    if (this.#waitUntil === undefined || this.#isKept) return;
    this.#isKept = true;
    const work = this.#work().finally(() => {
      this.#isKept = false;
    });
    try {
      this.#waitUntil(work);
    } catch (error) {
      this.#failed(error);
    }
  }
}
