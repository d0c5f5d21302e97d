import type { EventRecord } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type { Backlog } from "./backlog.ts";
import type { Store } from "./store.ts";

export interface ClaimsOptions {
  readonly store: Store;
  readonly backlog: Backlog;
  readonly clock: Clock;
  /** Tenants whose events could not be sent now. */
  readonly skipTenants: () => readonly string[];
  readonly claimed: (event: EventRecord) => void;
}

const INTERVAL_MS = 5_000;

/** Takes up what waits in the outbox and nobody holds: set aside here, left behind by others, redriven. */
export class Claims {
  readonly #options: ClaimsOptions;
  #nextAt: number;
  #claiming = false;
  #stopped = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#nextAt = options.store.durable ? 0 : Number.POSITIVE_INFINITY;
  }

  /** There may be something: looks at the next occasion. */
  expect(): void {
    this.#nextAt = 0;
  }

  /** When to look again, if that is after `now`: what is due waits for room, or for the store, which give the occasion. */
  wakeAt(now: number): number {
    return this.#nextAt > now ? this.#nextAt : Number.POSITIVE_INFINITY;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Claims if it is time and there is room. */
  async claim(now: number): Promise<void> {
    const { store, backlog, clock, skipTenants, claimed } = this.#options;
    const room = backlog.claimable;
    const isDue = now >= this.#nextAt || backlog.hasSpilled;
    if (!isDue || room === undefined || this.#claiming || this.#stopped || store.down) return;
    this.#claiming = true;
    // A volatile outbox has no other owners; it is looked at again when something is redriven.
    this.#nextAt = store.durable ? now + INTERVAL_MS : Number.POSITIVE_INFINITY;
    try {
      const { events, more } = await store.claim({ ...room, now: clock.now(), skipTenants: skipTenants() });
      for (const event of events) {
        backlog.claimed(event);
        claimed(event);
      }
      if (more) backlog.suspectMore();
      else backlog.noneSpilled();
    } catch {
      // The store's failure is told elsewhere; this call is made again.
      this.#nextAt = now + INTERVAL_MS;
    } finally {
      this.#claiming = false;
      store.kick();
    }
  }
}
