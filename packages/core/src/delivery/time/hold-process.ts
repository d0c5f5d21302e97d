import type { Clock } from "../../strategies/clock.ts";

const LONG_MS = 3_600_000;

/** Keeps the process alive while somebody waits. */
export class HoldProcess {
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(isHeld: boolean): void {
    if (!isHeld) {
      this.#cancel?.();
      this.#cancel = undefined;
    } else if (this.#cancel === undefined) this.#begin();
  }

  #begin(): void {
    this.#cancel = this.#clock.schedule(LONG_MS, () => this.#begin(), { holdProcess: true });
  }
}
