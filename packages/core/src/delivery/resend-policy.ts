import type { EventRecord } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type { Transport } from "../strategies/transport.ts";

/** What happens to an event whose fate is unsure at a receiver that does not deduplicate. */
export type AmbiguityPolicy = "quarantine" | "resend";

/** Decides whether an event that may have been counted may be sent to a receiver again. */
export class ResendPolicy {
  readonly #transport: Transport;
  readonly #ambiguity: AmbiguityPolicy;
  readonly #clock: Clock;

  constructor(transport: Transport, ambiguity: AmbiguityPolicy, clock: Clock) {
    this.#transport = transport;
    this.#ambiguity = ambiguity;
    this.#clock = clock;
  }

  allows({ firstSentAt = 0 }: EventRecord): boolean {
    if (this.#ambiguity === "resend") return true;
    const { dedup } = this.#transport;
    return dedup !== undefined && dedup !== false && this.#clock.now() - firstSentAt < dedup.windowMs;
  }

  /** Why an event may not be sent again, in words. */
  get refusal(): string {
    const { dedup, name } = this.#transport;
    return dedup
      ? `may have been counted, and ${name} remembers ids for ${dedup.windowMs} ms only`
      : `may have been counted, and ${name} does not deduplicate`;
  }
}
