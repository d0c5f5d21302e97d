import type { Clock } from "@meter-lib/core";

/** Result of work that exceeded the deadline. */
export const LATE = Symbol("late");

/** The deadline for one request. */
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

  /** Resolves to the result of the work, or to `LATE` while the work goes on. */
  within<Answer>(work: PromiseLike<Answer>): Promise<Answer | typeof LATE> {
    return Promise.race([work, this.#late.promise]);
  }

  /** Stops the timer. */
  cancel(): void {
    this.#cancel();
  }
}
