import type { Clock } from "../../strategies/clock.ts";

/** One timer, for the earliest time at which there may be something to do. */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #steady: () => number;
  readonly #wake: () => void;
  #cancel = () => {};
  #at = Number.POSITIVE_INFINITY;
  #holdsProcess = false;

  /** @param steady - see `steadyTime` */
  constructor(clock: Clock, steady: () => number, wake: () => void) {
    this.#clock = clock;
    this.#steady = steady;
    this.#wake = wake;
  }

  /** @param at - steady time; `Infinity` for never */
  set(at: number, holdProcess: boolean): void {
    if (at === this.#at && holdProcess === this.#holdsProcess) return;
    this.stop();
    if (at === Number.POSITIVE_INFINITY) return;
    this.#at = at;
    this.#holdsProcess = holdProcess;
    this.#cancel = this.#clock.schedule(
      Math.max(0, at - this.#steady()),
      () => {
        this.#at = Number.POSITIVE_INFINITY;
        this.#wake();
      },
      { holdProcess },
    );
  }

  stop(): void {
    this.#cancel();
    this.#at = Number.POSITIVE_INFINITY;
  }
}
