import type { MeterError } from "../errors/meter-error.ts";
import type { EventRecord } from "../event/event-record.ts";
import type { EndState, RowState } from "../strategies/outbox-query.ts";
import type { Settlement } from "./settlement.ts";

/** What `record()` answers at once. Its promises always resolve; they cost nothing until they are asked for. */
export interface Receipt {
  /** The event's id, to be given again when the caller itself repeats the call. */
  readonly event_id: string;
  /** When the outbox has the event, or will not have it. */
  readonly durable: Promise<DurableOutcome>;
  /** When the event's fate is decided, or the client is closed. */
  readonly settled: Promise<SettledOutcome>;
}

/**
 * - `volatile`: recorded, but kept in memory only
 * - `refused`: not recorded; `error` says why
 */
export type DurableOutcome =
  | { readonly ok: true; readonly repeat?: boolean }
  | { readonly ok: false; readonly reason: "volatile"; readonly repeat?: boolean }
  | { readonly ok: false; readonly reason: "refused"; readonly error: MeterError };

/**
 * - `acknowledged`, `rejected`, `quarantined`: see `Account`
 * - `discarded`: given up through the API
 * - `refused`: never recorded; `error` says why
 * - `persisted`: the client was closed; the event waits in the durable outbox
 * - `lost`: the client was closed; the event was in memory only
 */
export type SettledOutcome =
  | Settlement
  | { readonly state: "discarded"; readonly reason: string }
  | { readonly state: "refused"; readonly error: MeterError }
  | { readonly state: "persisted" | "lost" };

interface Watch {
  readonly durable: PromiseWithResolvers<DurableOutcome>;
  readonly settled: PromiseWithResolvers<SettledOutcome>;
  /** Whether anybody asked for the fate, and not only whether the outbox has the event. */
  awaitsFate: boolean;
}

const keyOf = (event: EventRecord): string => `${event.tenant_id}\n${event.event_id}`;

/** Hands out receipts and keeps the promises of those that were asked. */
export class Receipts {
  /** Asked for before the outbox had the event. */
  readonly #buffered = new Map<EventRecord, Watch>();
  /** Asked for, by identity: a repeat is settled together with its first. */
  readonly #stored = new Map<string, Watch[]>();
  /** Fates that are more than "acknowledged". */
  readonly #fates = new WeakMap<EventRecord, SettledOutcome>();
  readonly #durables = new WeakMap<EventRecord, DurableOutcome>();
  readonly #isDurable: boolean;
  readonly #awaited: () => void;
  #closedAs: "persisted" | "lost" | undefined;

  /** @param awaited - called when somebody starts to wait for a promise */
  constructor(isDurable: boolean, awaited: () => void) {
    this.#isDurable = isDurable;
    this.#awaited = awaited;
  }

  /** Whether somebody waits for a promise. */
  get isAwaited(): boolean {
    return this.#buffered.size > 0 || this.#stored.size > 0;
  }

  of(event: EventRecord): Receipt {
    return new EventReceipt(event, this);
  }

  durable(event: EventRecord): Promise<DurableOutcome> {
    const known = this.#durables.get(event);
    if (known !== undefined) return Promise.resolve(known);
    if (event.state === "buffered") return this.#watchBuffered(event).durable.promise;
    return Promise.resolve(this.#plainDurable());
  }

  settled(event: EventRecord): Promise<SettledOutcome> {
    const fate = this.#fates.get(event);
    if (fate !== undefined) return Promise.resolve(fate);
    if (event.state === "acknowledged") return Promise.resolve({ state: "acknowledged" });
    if (this.#closedAs !== undefined) return Promise.resolve({ state: this.#closedAs });
    if (event.state === "buffered") {
      const watch = this.#watchBuffered(event);
      watch.awaitsFate = true;
      return watch.settled.promise;
    }
    const watch = newWatch();
    this.#watchStored(event, watch);
    return watch.settled.promise;
  }

  refused(event: EventRecord, error: MeterError): void {
    event.state = "refused";
    const durable: DurableOutcome = { ok: false, reason: "refused", error };
    this.#durables.set(event, durable);
    this.#fates.set(event, { state: "refused", error });
    const watch = this.#buffered.get(event);
    this.#buffered.delete(event);
    watch?.durable.resolve(durable);
    watch?.settled.resolve({ state: "refused", error });
  }

  /** The outbox has it. `volatile`: in memory only. */
  recorded(event: EventRecord, isVolatile: boolean): void {
    const durable: DurableOutcome = isVolatile ? { ok: false, reason: "volatile" } : { ok: true };
    if (isVolatile && this.#isDurable) this.#durables.set(event, durable);
    const watch = this.#buffered.get(event);
    if (watch === undefined) return;
    this.#buffered.delete(event);
    watch.durable.resolve(durable);
    // Who asked for no more is kept no longer: a million of them may wait in the outbox.
    if (watch.awaitsFate) this.#watchStored(event, watch);
  }

  /** The outbox had it already. */
  repeated(event: EventRecord, where: RowState | EndState): void {
    event.state = where;
    const durable: DurableOutcome = this.#isDurable
      ? { ok: true, repeat: true }
      : { ok: false, reason: "volatile", repeat: true };
    this.#durables.set(event, durable);
    const watch = this.#buffered.get(event);
    this.#buffered.delete(event);
    watch?.durable.resolve(durable);
    if (where === "pending" || where === "inflight") {
      if (watch?.awaitsFate) this.#watchStored(event, watch);
      return;
    }
    const fate: SettledOutcome =
      where === "acknowledged"
        ? { state: "acknowledged", duplicate: true }
        : where === "discarded"
          ? { state: where, reason: "recorded before" }
          : { state: where, reason: "recorded before", status: undefined };
    this.#fates.set(event, fate);
    watch?.settled.resolve(fate);
  }

  decided(event: EventRecord, outcome: SettledOutcome): void {
    // The plain fate is read off the event; an answer is kept only for those who asked before it came.
    if (outcome.state !== "acknowledged") this.#fates.set(event, outcome);
    if (this.#stored.size === 0) return;
    const key = keyOf(event);
    const watches = this.#stored.get(key);
    if (watches === undefined) return;
    this.#stored.delete(key);
    for (const watch of watches) watch.settled.resolve(outcome);
  }

  /** Nothing more will be decided: whoever still waits is told where the event is. */
  close(closedAs: "persisted" | "lost"): void {
    this.#closedAs = closedAs;
    for (const watches of this.#stored.values())
      for (const watch of watches) watch.settled.resolve({ state: closedAs });
    this.#stored.clear();
    for (const watch of this.#buffered.values()) {
      watch.durable.resolve({ ok: false, reason: "volatile" });
      watch.settled.resolve({ state: "lost" });
    }
    this.#buffered.clear();
  }

  #plainDurable(): DurableOutcome {
    return this.#isDurable ? { ok: true } : { ok: false, reason: "volatile" };
  }

  #watchBuffered(event: EventRecord): Watch {
    let watch = this.#buffered.get(event);
    if (watch === undefined) {
      watch = newWatch();
      this.#buffered.set(event, watch);
      this.#awaited();
    }
    return watch;
  }

  #watchStored(event: EventRecord, watch: Watch): void {
    const key = keyOf(event);
    const watches = this.#stored.get(key);
    if (watches === undefined) this.#stored.set(key, [watch]);
    else watches.push(watch);
    this.#awaited();
  }
}

const newWatch = (): Watch => ({
  durable: Promise.withResolvers(),
  settled: Promise.withResolvers(),
  awaitsFate: false,
});

class EventReceipt implements Receipt {
  readonly event_id: string;
  readonly #event: EventRecord;
  readonly #receipts: Receipts;

  constructor(event: EventRecord, receipts: Receipts) {
    this.event_id = event.event_id;
    this.#event = event;
    this.#receipts = receipts;
  }

  get durable(): Promise<DurableOutcome> {
    return this.#receipts.durable(this.#event);
  }

  get settled(): Promise<SettledOutcome> {
    return this.#receipts.settled(this.#event);
  }
}

/** The receipt of something that was never an event; it has the id that the caller gave, if any. */
export const refusedReceipt = (input: unknown, error: MeterError): Receipt => ({
  event_id: givenId(input),
  durable: Promise.resolve({ ok: false, reason: "refused", error }),
  settled: Promise.resolve({ state: "refused", error }),
});

const givenId = (input: unknown): string => {
  try {
    const given =
      typeof input === "object" && input !== null && "event_id" in input ? input.event_id : undefined;
    return typeof given === "string" ? given : "";
  } catch {
    // A getter or a proxy of the caller's, which is what was refused.
    return "";
  }
};
