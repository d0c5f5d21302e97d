import type { MeterError, MeterErrorCode } from "../../errors/meter-error.ts";
import type { Clock } from "../../strategies/clock.ts";
import { DeliveryEmitter } from "./delivery-events.ts";
import { Unhandled } from "./unhandled.ts";

/** What a client tells its user besides receipts: events, figures, and the console where nobody listens. */
export class Reports {
  readonly emitter = new DeliveryEmitter((name, error) => {
    // A failing handler of `warning` must not cause another warning.
    if (name !== "warning") this.warn(`a handler of ${name} threw: ${messageOf(error)}`);
  });
  /** Events refused since the client was created, by error code. */
  readonly refusals = new Map<MeterErrorCode, number>();
  /** Warnings since the client was created. */
  warnings = 0;
  readonly #unhandled: Unhandled;

  constructor(clock: Clock) {
    this.#unhandled = new Unhandled(this.emitter, clock, this.refusals);
  }

  refused(input: unknown, error: MeterError): void {
    this.refusals.set(error.code, (this.refusals.get(error.code) ?? 0) + 1);
    this.#unhandled.refused(error);
    this.emitter.emit("refused", { input, error });
  }

  /** The outbox stores no events. */
  volatile(error: unknown): void {
    this.#unhandled.volatile(error);
    this.emitter.emit("volatile", { error });
  }

  /** Reports something that a person should look at. */
  warn(message: string): void {
    this.warnings++;
    this.#unhandled.warning(message);
    this.emitter.emit("warning", { message });
  }

  /** Says what the console has not been told yet. */
  close(): void {
    this.#unhandled.sum();
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
