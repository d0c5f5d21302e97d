import type { Clock } from "@meter-lib/core";
import type { ClaimAnswer, ClaimEntry, DedupStore } from "../dedup/dedup-store.ts";
import { type Deadline, LATE } from "../request/deadline.ts";
import type { EventsAtWork } from "./events-at-work.ts";

export interface BatchClaimOptions {
  readonly dedup: DedupStore;
  /** See `ClaimRequest`. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly atWork: EventsAtWork;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** An entry to claim, with the mark of its event. */
export interface Claimable {
  readonly entry: ClaimEntry;
  readonly mark: string;
}

/**
 * - `confirm`: the event was handed on
 * - `release`: it certainly was not handed on; its identity is deleted
 * - `lapse`: unknown; the identity stays, and can be claimed again after the lease
 */
export type ClaimEnd = "confirm" | "release" | "lapse";

const RENEWALS_PER_LEASE = 3;

/** The claim of one request on its events. It is renewed until the work on them ends. */
export class BatchClaim {
  readonly #tenant_id: string;
  readonly #owner: string;
  readonly #options: BatchClaimOptions;
  /** Claimed events that are being worked on. */
  readonly #open = new Map<string, ClaimEntry>();
  #confirmed: ClaimEntry[] = [];
  #released: string[] = [];
  #settling: Promise<void> | undefined;
  #renewing: Promise<unknown> = Promise.resolve();
  #cancelRenewal = (): void => {};

  constructor(tenant_id: string, owner: string, options: BatchClaimOptions) {
    this.#tenant_id = tenant_id;
    this.#owner = owner;
    this.#options = options;
  }

  /** Rejects if the store rejects, is too slow, or returns an invalid result. No event may then be handed on. */
  async take(events: readonly Claimable[], deadline: Deadline): Promise<readonly ClaimAnswer[]> {
    const { atWork } = this.#options;
    for (const { entry, mark } of events) atWork.begin(this.#tenant_id, entry.event_id, mark);
    try {
      const answers = await this.#ask(
        events.map(({ entry }) => entry),
        deadline,
      );
      this.#renewLater();
      return answers;
    } finally {
      for (const { entry } of events)
        if (!this.#open.has(entry.event_id)) atWork.end(this.#tenant_id, entry.event_id);
    }
  }

  async #ask(entries: readonly ClaimEntry[], deadline: Deadline): Promise<readonly ClaimAnswer[]> {
    const { name } = this.#options.dedup;
    const claiming = this.#claim(entries);
    const answers = await deadline.within(claiming);
    if (answers === LATE) {
      void this.#giveBack(entries, claiming);
      throw new Error(`the dedup store ${name} did not answer in time`);
    }
    if (answers.length !== entries.length)
      throw new TypeError(`the dedup store ${name} answered ${answers.length} of ${entries.length} claims`);
    this.#keep(entries, answers);
    return answers;
  }

  /** Ends the claim on an event. Call `settle` to write it to the store. */
  end(event_id: string, how: ClaimEnd): void {
    const entry = this.#open.get(event_id);
    if (entry === undefined) return;
    this.#open.delete(event_id);
    this.#options.atWork.end(this.#tenant_id, event_id);
    if (how === "confirm") this.#confirmed.push(entry);
    if (how === "release") this.#released.push(event_id);
    if (this.#open.size === 0) this.#cancelRenewal();
  }

  /** Lets all open claims lapse. */
  abandon(): void {
    for (const event_id of this.#open.keys()) this.end(event_id, "lapse");
  }

  /** Writes all ended claims to the store in one call. If it fails, the answers stand and the claims lapse. */
  settle(): Promise<void> {
    this.#settling ??= this.#settle();
    return this.#settling;
  }

  async #settle(): Promise<void> {
    // Wait for a renewal in flight, which could claim again what is released here; claims that end meanwhile are included.
    await this.#renewing;
    this.#settling = undefined;
    const { dedup, clock, onError } = this.#options;
    const [confirmed, released] = [this.#confirmed, this.#released];
    if (confirmed.length === 0 && released.length === 0) return;
    this.#confirmed = [];
    this.#released = [];
    try {
      const identity = { tenant_id: this.#tenant_id, owner: this.#owner };
      await dedup.settle({ ...identity, now: clock.now(), confirmed, released });
    } catch (error) {
      onError(error);
    }
  }

  async #claim(entries: readonly ClaimEntry[]): Promise<readonly ClaimAnswer[]> {
    const { dedup, clock, holder, leaseMs } = this.#options;
    const identity = { tenant_id: this.#tenant_id, owner: this.#owner, holder };
    return dedup.claim({ ...identity, now: clock.now(), leaseMs, entries });
  }

  #keep(entries: readonly ClaimEntry[], answers: readonly ClaimAnswer[]): void {
    for (const [index, entry] of entries.entries()) {
      const answer = answers[index];
      if (answer?.state !== "claimed") continue;
      const { event_id } = entry;
      this.#open.set(event_id, answer.note === entry.note ? entry : { event_id, note: answer.note });
    }
  }

  /** Releases claims that were granted too late to be used. */
  async #giveBack(entries: readonly ClaimEntry[], claiming: Promise<readonly ClaimAnswer[]>): Promise<void> {
    try {
      const answers = await claiming;
      this.#keep(entries, answers);
      for (const [index, { event_id }] of entries.entries()) {
        const answer = answers[index];
        if (answer?.state === "claimed") this.end(event_id, answer.lapsed ? "lapse" : "release");
      }
      await this.settle();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #renewLater(): void {
    if (this.#open.size === 0) return;
    const { clock, leaseMs, onError } = this.#options;
    this.#cancelRenewal = clock.schedule(leaseMs / RENEWALS_PER_LEASE, () => {
      this.#renewing = this.#claim([...this.#open.values()])
        .catch(onError)
        .then(() => this.#renewLater());
    });
  }
}
