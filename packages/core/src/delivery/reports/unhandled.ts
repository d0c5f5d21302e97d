import type { MeterError, MeterErrorCode } from "../../errors/meter-error.ts";
import type { Clock } from "../../strategies/clock.ts";
import type { DeliveryEmitter } from "./delivery-events.ts";

const SUM_EVERY_MS = 60_000;
// Messages may contain values that differ each time.
const MOST_MESSAGES = 20;

/**
 * Warns on the console about what no handler hears: without a handler for `refused`, the first event of each code, then totals at most once
 * a minute; without one for `volatile` or `warning`, each message once.
 */
export class Unhandled {
  readonly #emitter: DeliveryEmitter;
  readonly #clock: Clock;
  readonly #refusals: ReadonlyMap<MeterErrorCode, number>;
  readonly #told = {
    refused: new Set<string>(),
    volatile: new Set<string>(),
    warning: new Set<string>(),
  };
  #untold = 0;
  #cancelSum: (() => void) | undefined;

  /** @param refusals - events refused so far, by code */
  constructor(emitter: DeliveryEmitter, clock: Clock, refusals: ReadonlyMap<MeterErrorCode, number>) {
    this.#emitter = emitter;
    this.#clock = clock;
    this.#refusals = refusals;
  }

  refused({ code, message }: MeterError): void {
    if (this.#emitter.has("refused")) return;
    const hint = 'handle all with client.on("refused")';
    if (this.#once("refused", code, `an event was not recorded: ${code}: ${message} (${hint})`)) return;
    this.#untold++;
    this.#cancelSum ??= this.#clock.schedule(SUM_EVERY_MS, () => this.sum());
  }

  volatile(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    this.#once("volatile", words, `the outbox stores no events, so they are kept in memory: ${words}`);
  }

  warning(message: string): void {
    this.#once("warning", message, message);
  }

  /** Reports how many were refused so far, if not reported yet. */
  sum(): void {
    this.#cancelSum?.();
    this.#cancelSum = undefined;
    if (this.#untold === 0) return;
    this.#untold = 0;
    const sums = [...this.#refusals].map(([code, count]) => `${count} ${code}`);
    console.error(`meter-lib: events not recorded so far: ${sums.join(", ")}`);
  }

  /** Returns whether it was reported now. */
  #once(name: "refused" | "volatile" | "warning", what: string, words: string): boolean {
    const told = this.#told[name];
    if (this.#emitter.has(name) || told.has(what) || told.size >= MOST_MESSAGES) return false;
    told.add(what);
    console.error(`meter-lib: ${words}`);
    return true;
  }
}
