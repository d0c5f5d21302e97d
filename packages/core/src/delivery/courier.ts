import type { EventRecord } from "../event/event-record.ts";
import type { Answered, DestinationFault, Outcome, Unsure } from "../strategies/transport.ts";
import { Attempts, type AttemptsOptions } from "./attempts.ts";
import type { Destination, DestinationStatus } from "./destination.ts";
import { type AmbiguityPolicy, ResendPolicy } from "./resend-policy.ts";
import type { Settlement } from "./settlement.ts";

export interface CourierOptions extends AttemptsOptions {
  readonly ambiguity: AmbiguityPolicy;
  /** Stores the leases of a batch, then calls one of the two; `taken` are those that another owner has now. */
  readonly lease: (
    events: readonly EventRecord[],
    stored: (taken: readonly EventRecord[]) => void,
    failed: () => void,
  ) => void;
  /** Resolves when what was recorded before is stored, or refused. */
  readonly idle: () => Promise<void>;
  /** The event is another owner's now. */
  readonly taken: (event: EventRecord) => void;
  readonly settled: (event: EventRecord, outcome: Settlement) => void;
  /** The event stays pending; what was stored with its lease may have to be taken back. */
  readonly released: (event: EventRecord) => void;
  readonly blocked: (status: DestinationStatus) => void;
  readonly unblocked: (status: DestinationStatus) => void;
  readonly receiverTime: (sentAt: number, receivedAt: number, receiverTime: number) => void;
}

/** A batch on its way. */
interface Trip {
  readonly events: readonly EventRecord[];
  /** In steady time. */
  readonly launchedAt: number;
  /** Events that an earlier attempt left in doubt; this one leaves them so, whatever it finds. */
  readonly inDoubt: ReadonlySet<EventRecord>;
}

const NONE: ReadonlySet<EventRecord> = new Set();

/** Carries batches to one destination and turns every answer into what it means for each event. */
export class Courier {
  readonly #destination: Destination;
  readonly #options: CourierOptions;
  readonly #signal: AbortSignal;
  /** Each lets a batch go that waits for its lease. */
  readonly #leasing = new Set<() => void>();
  readonly #attempts: Attempts;
  readonly #resending: ResendPolicy;

  constructor(destination: Destination, options: CourierOptions, signal: AbortSignal) {
    this.#destination = destination;
    this.#options = options;
    this.#signal = signal;
    this.#attempts = new Attempts(destination.transport, options, signal);
    this.#resending = new ResendPolicy(destination.transport, options.ambiguity, options.clock);
  }

  /**
   * Leases and sends a batch that was taken; resolves when each of its events has an outcome or waits again.
   * @param ahead - sends it without a lease, before this call returns
   */
  async carry(batch: readonly EventRecord[], ahead = false): Promise<void> {
    const launchedAt = this.#options.steady();
    const now = this.#options.clock.now();
    const events = this.#stillSafe(batch);
    if (events.length > 0) {
      const inDoubt = events.some(isInDoubt) ? new Set(events.filter(isInDoubt)) : NONE;
      const trip = { events, launchedAt, inDoubt };
      for (const event of events) {
        event.attempts++;
        event.firstSentAt ??= now;
      }
      const leased = ahead ? events : await this.#lease(events);
      if (leased === undefined) this.#turnBack(trip);
      else if (leased.length > 0) await this.#send({ ...trip, events: leased });
    }
    this.#destination.landed(batch);
  }

  /** Sends what waits for its lease without it. */
  letGo(): void {
    for (const go of this.#leasing) go();
    this.#leasing.clear();
  }

  /** See `Attempts`. */
  giveUpOverdue(now: number): void {
    this.#attempts.giveUpOverdue(now);
  }

  /** Leaves out events that were perhaps sent before and may not be sent again. */
  #stillSafe(batch: readonly EventRecord[]): readonly EventRecord[] {
    const unsafe = batch.filter((event) => isInDoubt(event) && !this.#resending.allows(event));
    if (unsafe.length === 0) return batch;
    for (const event of unsafe) {
      this.#options.settled(event, {
        state: "quarantined",
        reason: this.#resending.refusal,
        status: undefined,
      });
    }
    const left = new Set(unsafe);
    return batch.filter((event) => !left.has(event));
  }

  /** The events that may leave; undefined when the store does not work. */
  #lease(events: readonly EventRecord[]): Promise<readonly EventRecord[] | undefined> {
    return new Promise((resolve) => {
      const go = () => resolve(events);
      this.#leasing.add(go);
      this.#options.lease(
        events,
        (taken) => {
          // Once let go, the batch is sent whole.
          if (!this.#leasing.delete(go)) return;
          for (const event of taken) if (events.includes(event)) this.#options.taken(event);
          resolve(taken.length === 0 ? events : events.filter((event) => !taken.includes(event)));
        },
        () => {
          this.#leasing.delete(go);
          resolve(undefined);
        },
      );
    });
  }

  /** The store's trouble is not the destination's, but nothing may leave before the store works. */
  #turnBack(trip: Trip): void {
    this.#clearDoubt(trip);
    this.#destination.putBack(trip.events);
    this.#destination.failed(trip.launchedAt, this.#options.steady(), undefined);
  }

  async #send(trip: Trip): Promise<void> {
    const { clock } = this.#options;
    const sentAt = clock.now();
    const answer = await this.#attempts.make(trip.events);
    if (answer.receiverTime !== undefined) {
      this.#options.receiverTime(sentAt, clock.now(), answer.receiverTime);
    }
    const known = await this.#stored(trip);
    if (answer.fault !== undefined) await this.#handleFault(known, answer.fault);
    else {
      const { outcomes } = answer;
      this.#judge(
        known,
        known === trip ? outcomes : outcomes.filter((_, index) => isStored(trip.events[index])),
      );
    }
  }

  /** An event that left before it was stored is judged when it is; one that was then refused is not. */
  async #stored(trip: Trip): Promise<Trip> {
    if (trip.events.every(isStored)) return trip;
    while (trip.events.some(({ state }) => state === "buffered")) await this.#options.idle();
    return { ...trip, events: trip.events.filter(isStored) };
  }

  #judge(trip: Trip, outcomes: readonly Outcome[]): void {
    const { events, launchedAt } = trip;
    const now = this.#options.steady();
    const again: EventRecord[] = [];
    let successes = 0;
    let refusals = 0;
    let retryAfterMs = 0;
    events.forEach((event, index) => {
      const outcome = outcomes[index];
      if (outcome === undefined) return;
      switch (outcome.state) {
        case "acknowledged":
          successes++;
          this.#options.settled(event, outcome);
          break;
        case "rejected":
          refusals++;
          this.#reject(event, outcome, trip);
          break;
        case "retry":
          retryAfterMs = Math.max(retryAfterMs, outcome.retryAfterMs ?? 0);
          if (!trip.inDoubt.has(event)) event.firstSentAt = undefined;
          this.#options.released(event);
          again.push(event);
          break;
        case "unsure":
          retryAfterMs = Math.max(retryAfterMs, outcome.retryAfterMs ?? 0);
          if (this.#resendOrQuarantine(event, outcome)) again.push(event);
          break;
      }
    });
    if (successes > 0) this.#succeeded();
    else if (refusals < events.length) this.#destination.failed(launchedAt, now, retryAfterMs);
    else if (events.length === 1 && this.#destination.refused()) this.#block(REFUSES_EVERYTHING);
    // Where some got through, the others wait each by itself; else the destination as a whole waits.
    if (successes + refusals === 0) this.#destination.putBack(again);
    else for (const event of again) this.#destination.delay(event, now, retryAfterMs);
  }

  async #handleFault(trip: Trip, fault: DestinationFault): Promise<void> {
    const { events, launchedAt } = trip;
    // No event of the batch was processed: this attempt leaves no doubt behind.
    this.#clearDoubt(trip);
    if (fault.kind === "too_large" || fault.kind === "invalid") {
      this.#takeApart(trip, fault);
      return;
    }
    this.#giveBack(events);
    if (fault.kind === "unavailable") {
      this.#destination.failed(launchedAt, this.#options.steady(), fault.retryAfterMs);
    } else if (fault.credentials === true && (await this.#destination.refreshCredentials(this.#signal))) {
      this.#destination.unblock();
    } else {
      this.#block(fault);
    }
  }

  /** The batch was refused as a whole: halves it, until what is wrong is alone. */
  #takeApart(trip: Trip, fault: DestinationFault): void {
    const { events } = trip;
    const [only] = events;
    if (events.length > 1 || only === undefined) {
      if (fault.kind === "too_large") this.#destination.tooLarge(events);
      // The halves leave at once: their leases stand, and a crash in between errs on the safe side.
      this.#destination.split(events);
    } else if (this.#destination.refused()) {
      this.#giveBack(events);
      this.#block({
        ...fault,
        ...REFUSES_EVERYTHING,
        reason: `${REFUSES_EVERYTHING.reason}, the last: ${fault.reason}`,
      });
    } else {
      this.#reject(only, fault, trip);
    }
  }

  #clearDoubt({ events, inDoubt }: Trip): void {
    for (const event of events) if (!inDoubt.has(event)) event.firstSentAt = undefined;
  }

  #giveBack(events: readonly EventRecord[]): void {
    for (const event of events) this.#options.released(event);
    this.#destination.putBack(events);
  }

  #reject(event: EventRecord, { reason, status, body }: Answered, { inDoubt }: Trip): void {
    if (inDoubt.has(event)) {
      // Refused now, but an earlier attempt may have been counted: nobody can say that it was not.
      const why = `an earlier attempt may have been counted; the last was refused: ${reason}`;
      this.#options.settled(event, { state: "quarantined", reason: why, status, body });
    } else {
      event.firstSentAt = undefined;
      this.#options.settled(event, { state: "rejected", reason, status, body });
    }
  }

  #resendOrQuarantine(event: EventRecord, { reason, status, body }: Unsure): boolean {
    if (this.#resending.allows(event)) {
      this.#options.released(event);
      return true;
    }
    this.#options.settled(event, {
      state: "quarantined",
      reason: `${reason}; ${this.#resending.refusal}`,
      status,
      body,
    });
    return false;
  }

  #succeeded(): void {
    const wasBlocked = this.#destination.blockedBy !== undefined;
    this.#destination.succeeded();
    if (wasBlocked) this.#options.unblocked(this.#destination.status);
  }

  #block(fault: DestinationFault): void {
    const isNew = this.#destination.blockedBy === undefined;
    this.#destination.block(fault, this.#options.steady());
    if (isNew) this.#options.blocked(this.#destination.status);
  }
}

/** One bad deploy of the receiver must not bury the backlog. */
const REFUSES_EVERYTHING: DestinationFault = {
  kind: "blocked",
  reason: "refused twenty single events in a row",
};

const isStored = (event: EventRecord | undefined): boolean => event !== undefined && event.key !== 0;

/** Whether an attempt may have processed it. */
const isInDoubt = ({ firstSentAt }: EventRecord): boolean => firstSentAt !== undefined;
