import type { Clock } from "../strategies/clock.ts";

/** One timer for whatever is due next. Only an earlier time replaces the one it is set to. */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #at = Number.POSITIVE_INFINITY;
  #holdsProcess = false;
  #cancel = () => {};

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Whether it is set, and does not keep the process alive. */
  get letsProcessEnd(): boolean {
    return this.#at !== Number.POSITIVE_INFINITY && !this.#holdsProcess;
  }

  /** @param at - in the same time as `now` */
  set(at: number, now: number, holdProcess: boolean): void {
    if (at === Number.POSITIVE_INFINITY || at >= this.#at) return;
    this.#cancel();
    this.#at = at;
    this.#holdsProcess = holdProcess;
    const wake = () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#wake();
    };
    this.#cancel = this.#clock.schedule(at - now, wake, { holdProcess });
  }

  /** Forgets the time: the next one set replaces it, whatever it is. */
  forget(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  cancel(): void {
    this.#cancel();
  }
}
