import type { Clock } from "@meter-lib/core";

/** What stands in for an answer that did not come in time. */
export const LATE = Symbol("late");

/** Until when the work of one request must have come to an answer. */
export class Deadline {
  readonly #late = Promise.withResolvers<typeof LATE>();
  readonly #cancel: () => void;
  #isOver = false;

  constructor(clock: Clock, timeoutMs: number) {
    this.#cancel = clock.schedule(
      timeoutMs,
      () => {
        this.#isOver = true;
        this.#late.resolve(LATE);
      },
      { holdProcess: true },
    );
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the work comes to, or `LATE`; the work itself goes on. */
  within<Answer>(work: PromiseLike<Answer>): Promise<Answer | typeof LATE> {
    return Promise.race([work, this.#late.promise]);
  }

  /** Ends the wait: there is an answer. */
  cancel(): void {
    this.#cancel();
  }
}
