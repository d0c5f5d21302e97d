import type { EventRecord } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type {
  Acknowledged,
  Answered,
  DestinationFault,
  Outcome,
  SendAnswer,
  Transport,
  Unsure,
} from "../strategies/transport.ts";
import { attempt } from "./attempt.ts";
import type { Random } from "./backoff.ts";
import { Destination, type DestinationLimits, type DestinationState } from "./destination.ts";

/** What happens to an event whose fate is unsure at a receiver that does not deduplicate. */
export type AmbiguityPolicy = "quarantine" | "resend";

export interface DispatcherOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly ambiguity: AmbiguityPolicy;
  readonly limits: Pick<DestinationLimits, "lingerMs" | "retryCapMs"> & Partial<DestinationLimits>;
  /** Stores the leases of a batch, then calls one of the two. */
  readonly lease: (events: readonly EventRecord[], stored: () => void, failed: () => void) => void;
  readonly settled: (event: EventRecord, outcome: Settlement) => void;
  /** The event stays pending; what was stored with its lease may have to be taken back. */
  readonly released: (event: EventRecord) => void;
  /** Outcomes are to be written and room may have come free. */
  readonly wake: () => void;
  readonly blocked: (status: DestinationStatus) => void;
  readonly unblocked: (status: DestinationStatus) => void;
  readonly receiverTime: (sentAt: number, receivedAt: number, receiverTime: number) => void;
}

/** How an event ended. */
export type Settlement =
  | Acknowledged
  | {
      readonly state: "rejected" | "quarantined";
      readonly reason: string;
      readonly status: number | undefined;
      readonly body?: unknown;
    };

/** A destination as people see it. */
export interface DestinationStatus {
  readonly name: string;
  readonly state: DestinationState;
  readonly queued: number;
  readonly inFlight: number;
  /** Why it is blocked, in words. */
  readonly reason: string | undefined;
  readonly status: number | undefined;
}

const DEFAULT_BATCH_EVENTS = 500;
const DEFAULT_BATCH_BYTES = 512 * 1024;
const DEFAULT_IN_FLIGHT = 4;

/** Sends what is ready, each destination at its own pace, and turns every answer into what it means for each event. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #destinations = new Map<Transport, Destination>();
  readonly #abort = new AbortController();
  #inFlight = 0;
  #landed: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  enqueue(event: EventRecord): void {
    this.#destinationOf(event).enqueue(event, this.#options.clock.now());
  }

  /** Takes all batches that may leave now. `hurry`: do not wait for batches to fill. */
  dispatch(hurry: boolean): void {
    if (this.#abort.signal.aborted) return;
    const now = this.#options.clock.now();
    for (const destination of this.#destinations.values()) {
      for (
        let batch = destination.take(now, hurry);
        batch !== undefined;
        batch = destination.take(now, hurry)
      ) {
        this.#launch(destination, batch, now);
      }
    }
  }

  /** When `dispatch` may find something that it does not find now. */
  wakeAt(): number | undefined {
    let at: number | undefined;
    for (const destination of this.#destinations.values()) {
      const due = destination.wakeAt();
      if (due !== undefined && (at === undefined || due < at)) at = due;
    }
    return at;
  }

  statuses(): readonly DestinationStatus[] {
    return [...this.#destinations.values()].map(describe);
  }

  /** Somebody acted: blocked and waiting destinations are tried at once. */
  unblock(): void {
    for (const destination of this.#destinations.values()) destination.unblock();
    this.#options.wake();
  }

  /** Aborts what is on the way, waits until all of it has an outcome, and gives back what never left. */
  async close(): Promise<readonly EventRecord[]> {
    this.#abort.abort();
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#landed.push(resolve));
    return [...this.#destinations.values()].flatMap((destination) => destination.drain());
  }

  #destinationOf(event: EventRecord): Destination {
    let transport = this.#options.transport;
    // Routes may lead to routes.
    while (transport.route !== undefined) transport = transport.route(event);
    const known = this.#destinations.get(transport);
    if (known !== undefined) return known;
    const { limits, random } = this.#options;
    const destination = new Destination(
      transport,
      {
        lingerMs: limits.lingerMs,
        retryCapMs: limits.retryCapMs,
        maxBatchEvents: Math.min(
          limits.maxBatchEvents ?? DEFAULT_BATCH_EVENTS,
          transport.maxBatchEvents ?? DEFAULT_BATCH_EVENTS,
        ),
        maxBatchBytes: Math.min(
          limits.maxBatchBytes ?? DEFAULT_BATCH_BYTES,
          transport.maxBatchBytes ?? DEFAULT_BATCH_BYTES,
        ),
        maxInFlight: limits.maxInFlight ?? transport.maxInFlight ?? DEFAULT_IN_FLIGHT,
      },
      random,
    );
    this.#destinations.set(transport, destination);
    return destination;
  }

  #launch(destination: Destination, batch: readonly EventRecord[], now: number): void {
    const events = this.#stillSafe(destination, batch, now);
    if (events.length === 0) {
      destination.landed(batch);
      this.#options.wake();
      return;
    }
    for (const event of events) {
      event.attempts++;
      event.firstSentAt ??= now;
    }
    this.#inFlight++;
    this.#options.lease(
      events,
      () => void this.#send(destination, batch, events, now),
      () => {
        for (const event of events) this.#takeBack(event, now);
        destination.putBack(events);
        // The store's trouble is not the destination's, but nothing may leave before the store works.
        destination.failed(now, this.#options.clock.now(), undefined);
        this.#land(destination, batch);
      },
    );
  }

  /** Leaves out events that were perhaps sent before and may not be sent again. */
  #stillSafe(destination: Destination, batch: readonly EventRecord[], now: number): readonly EventRecord[] {
    const unsafe = batch.filter(
      (event) => event.firstSentAt !== undefined && !this.#mayResend(destination, event, now),
    );
    if (unsafe.length === 0) return batch;
    for (const event of unsafe) {
      this.#options.settled(event, {
        state: "quarantined",
        reason: this.#whyUnsafe(destination),
        status: undefined,
      });
    }
    const left = new Set(unsafe);
    return batch.filter((event) => !left.has(event));
  }

  #mayResend(destination: Destination, event: EventRecord, now: number): boolean {
    if (this.#options.ambiguity === "resend") return true;
    const dedup = destination.transport.dedup;
    if (dedup === undefined || dedup === false) return false;
    return event.firstSentAt === undefined || now - event.firstSentAt < dedup.windowMs;
  }

  #whyUnsafe({ transport }: Destination): string {
    return transport.dedup
      ? `may have been counted, and ${transport.name} remembers ids for ${transport.dedup.windowMs} ms only`
      : `may have been counted, and ${transport.name} does not deduplicate`;
  }

  async #send(
    destination: Destination,
    batch: readonly EventRecord[],
    events: readonly EventRecord[],
    launchedAt: number,
  ): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    const sentAt = clock.now();
    let answer: SendAnswer;
    if (this.#abort.signal.aborted) {
      answer = { fault: { kind: "unavailable", reason: "closed before it left" } };
    } else {
      answer = await attempt(destination.transport, events, { clock, timeoutMs, signal: this.#abort.signal });
    }
    const now = clock.now();
    if (answer.receiverTime !== undefined) this.#options.receiverTime(sentAt, now, answer.receiverTime);
    if (answer.fault === undefined) this.#judge(destination, events, answer.outcomes, launchedAt, now);
    else await this.#handleFault(destination, events, answer.fault, launchedAt, now);
    this.#land(destination, batch);
  }

  #land(destination: Destination, batch: readonly EventRecord[]): void {
    destination.landed(batch);
    this.#inFlight--;
    if (this.#inFlight === 0) {
      const landed = this.#landed;
      this.#landed = [];
      for (const resolve of landed) resolve();
    }
    this.#options.wake();
  }

  #judge(
    destination: Destination,
    events: readonly EventRecord[],
    outcomes: readonly Outcome[],
    launchedAt: number,
    now: number,
  ): void {
    const again: EventRecord[] = [];
    let successes = 0;
    let refusals = 0;
    let retryAfterMs: number | undefined;
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
          this.#reject(event, outcome, launchedAt);
          break;
        case "retry":
          retryAfterMs = Math.max(retryAfterMs ?? 0, outcome.retryAfterMs ?? 0);
          this.#takeBack(event, launchedAt);
          this.#options.released(event);
          again.push(event);
          break;
        case "unsure":
          retryAfterMs = Math.max(retryAfterMs ?? 0, outcome.retryAfterMs ?? 0);
          if (this.#resendOrQuarantine(destination, event, outcome, now)) again.push(event);
          break;
      }
    });
    if (successes > 0) this.#succeeded(destination);
    else if (refusals === events.length) {
      if (events.length === 1 && destination.refused())
        this.#block(destination, { kind: "blocked", reason: "refused twenty single events in a row" });
    } else destination.failed(launchedAt, now, retryAfterMs);
    if (successes > 0 || refusals > 0) for (const event of again) destination.delay(event, now, retryAfterMs);
    else destination.putBack(again);
  }

  async #handleFault(
    destination: Destination,
    events: readonly EventRecord[],
    fault: DestinationFault,
    launchedAt: number,
    now: number,
  ): Promise<void> {
    // No event of the batch was processed, so this attempt leaves no doubt behind.
    for (const event of events) this.#takeBack(event, launchedAt);
    if (fault.kind === "too_large" || fault.kind === "invalid") {
      const [only] = events;
      if (events.length > 1 || only === undefined) {
        if (fault.kind === "too_large") destination.tooLarge(events);
        // The halves leave at once: their leases stand, and a crash in between errs on the safe side.
        destination.split(events);
      } else if (destination.refused()) {
        this.#giveBack(destination, events);
        this.#block(destination, {
          ...fault,
          kind: "blocked",
          reason: `refused twenty single events in a row, the last: ${fault.reason}`,
        });
      } else {
        this.#reject(only, fault, launchedAt);
      }
      return;
    }
    this.#giveBack(destination, events);
    if (fault.kind === "unavailable") {
      destination.failed(launchedAt, now, fault.retryAfterMs);
    } else if (
      fault.credentials === true &&
      destination.mayRefreshCredentials() &&
      (await this.#refreshCredentials(destination))
    ) {
      destination.unblock();
    } else {
      this.#block(destination, fault);
    }
  }

  async #refreshCredentials({ transport }: Destination): Promise<boolean> {
    try {
      await transport.refreshCredentials?.({ signal: this.#abort.signal });
      return true;
    } catch {
      return false;
    }
  }

  #giveBack(destination: Destination, events: readonly EventRecord[]): void {
    for (const event of events) this.#options.released(event);
    destination.putBack(events);
  }

  /** This attempt certainly processed nothing: an event that was in doubt only because of it is in doubt no more. */
  #takeBack(event: EventRecord, launchedAt: number): void {
    if (event.firstSentAt === launchedAt) event.firstSentAt = undefined;
  }

  #reject(event: EventRecord, { reason, status, body }: Answered, launchedAt: number): void {
    this.#takeBack(event, launchedAt);
    // Refused now, but an earlier attempt may have been counted: nobody can say that it was not.
    const state = event.firstSentAt === undefined ? "rejected" : "quarantined";
    const why =
      state === "rejected"
        ? reason
        : `an earlier attempt may have been counted; the last was refused: ${reason}`;
    this.#options.settled(event, { state, reason: why, status, body });
  }

  #resendOrQuarantine(destination: Destination, event: EventRecord, outcome: Unsure, now: number): boolean {
    if (this.#mayResend(destination, event, now)) {
      this.#options.released(event);
      return true;
    }
    const reason = `${outcome.reason}; ${this.#whyUnsafe(destination)}`;
    this.#options.settled(event, {
      state: "quarantined",
      reason,
      status: outcome.status,
      body: outcome.body,
    });
    return false;
  }

  #succeeded(destination: Destination): void {
    const wasBlocked = destination.blockedBy !== undefined;
    destination.succeeded();
    if (wasBlocked) this.#options.unblocked(describe(destination));
  }

  #block(destination: Destination, fault: DestinationFault): void {
    const isNew = destination.blockedBy === undefined;
    destination.block(fault, this.#options.clock.now());
    if (isNew) this.#options.blocked(describe(destination));
  }
}

const describe = (destination: Destination): DestinationStatus => ({
  name: destination.transport.name,
  state: destination.state,
  queued: destination.queued,
  inFlight: destination.inFlight,
  reason: destination.blockedBy?.reason,
  status: destination.blockedBy?.status,
});
