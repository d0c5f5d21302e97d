import type { CheckedEvent } from "../../event/checked-event.ts";
import { contentMark } from "../../event/content-mark.ts";
import { eventSize } from "../../event/event-size.ts";
import type { Lane, UsageEvent } from "../../event/usage-event.ts";
import {
  type Appended,
  type ClaimedSegment,
  type GivenId,
  MAX_IDS_SPAN_MS,
} from "../../log/outbox/outbox.ts";
import type { HourSums } from "../../log/sums/hour-sums.ts";
import { type EventSums, RunningSums, sumEvents } from "../../log/sums/sums.ts";
import type { DurableOutcome, SettledOutcome, Waiting } from "../receipts/receipt.ts";

/** What happened to an event of a segment that was not recorded with it. */
export interface Absent {
  readonly durable: DurableOutcome;
  /** For a repeat: the outcome of the event that was recorded first, if that is still to come. */
  readonly settled: SettledOutcome | Promise<SettledOutcome>;
}

/** Where an event is in a segment that was stored without some of its events. */
type Elsewhere = Absent | { readonly segment: Segment; readonly index: number };

/**
 * The events of one commit, in order, from `record()` until the last is settled. Delivery never modifies an event; what it knows about
 * events is kept here, and on slices of this segment.
 */
export class Segment {
  readonly lane: Lane;
  /** Empty if the events may belong to several tenants. */
  tenant_id: string;
  /** Order of creation: a flush waits for all up to the newest. */
  readonly number: number;
  /** When its first event came, in steady time. */
  readonly openedAt: number;
  events: UsageEvent[] = [];
  bytes = 0;
  given: GivenId[] = [];
  /** When the earliest of the ids was created. */
  idsSince = 0;
  /** Events that are not settled and are kept in memory. */
  open = 0;

  /** The segment's id in the outbox; empty until it is stored. */
  id = "";
  key = 0;
  first_seq = 0;
  producer: string | undefined;
  recordedAt = 0;
  /** Whether it is in memory only, although the outbox is durable. */
  isVolatile = false;
  /** The customer of each tenant, as found last, and when, in steady time. */
  customers: ReadonlyMap<string, string> = NO_CUSTOMERS;
  customersAt = Number.NEGATIVE_INFINITY;
  /** Whether `customers` has all of its tenants. */
  hasAllCustomers = false;
  /** Tenants whose customer was stored with a lease: it no longer changes, so every attempt sends the same bytes. */
  leased: Pick<ReadonlyMap<string, unknown>, "has" | "keys"> = NO_CUSTOMERS;
  /** Whether a closing page sent it before it was stored. */
  isAhead = false;

  readonly #waiting: Waiting;
  readonly #isDurable: boolean;
  /** Kept while events come in: reading all of them again later would take longer. */
  #runningSums: RunningSums | undefined;
  #sums: EventSums | undefined;
  #elsewhere: readonly Elsewhere[] | undefined;
  #fates: SettledOutcome | (SettledOutcome | undefined)[] | undefined;
  #stored: PromiseWithResolvers<void> | undefined;
  #isStored = false;
  #settled: Map<number, PromiseWithResolvers<SettledOutcome>> | undefined;

  constructor(
    { lane, tenant_id, number, openedAt }: Pick<Segment, "lane" | "tenant_id" | "number" | "openedAt">,
    waiting: Waiting,
    isDurable: boolean,
  ) {
    this.lane = lane;
    this.tenant_id = tenant_id;
    this.number = number;
    this.openedAt = openedAt;
    this.#waiting = waiting;
    this.#isDurable = isDurable;
  }

  /** Whether it can take an event whose id was created at `now`. */
  takes(now: number): boolean {
    return this.open === 0 || (now >= this.idsSince && now - this.idsSince < MAX_IDS_SPAN_MS);
  }

  /** Whether all of its events are of one tenant. */
  isOf(tenant_id: string): boolean {
    return this.events.every((event) => event.tenant_id === tenant_id);
  }

  /** Adds an event; returns its index. */
  push({ event, bytes, checkedAt, idGiven, timeGiven }: CheckedEvent): number {
    const index = this.open++;
    if (index === 0) this.idsSince = checkedAt;
    this.events.push(event);
    this.#runningSums ??= new RunningSums();
    this.#runningSums.add(event);
    this.bytes += bytes;
    if (idGiven) this.given.push({ index, mark: contentMark(event, timeGiven) });
    return index;
  }

  get sums(): EventSums {
    this.#sums ??= this.#runningSums?.total ?? sumEvents(this.events);
    this.#runningSums = undefined;
    return this.#sums;
  }

  sumsOf(from: number, to: number): readonly HourSums[] {
    return this.#isAll(from, to) ? this.sums.sums : sumEvents(this.events, from, to).sums;
  }

  bytesOf(from: number, to: number): number {
    if (this.#isAll(from, to)) return this.bytes;
    let bytes = 0;
    for (let i = from; i < to; i++) {
      const event = this.events[i];
      if (event !== undefined) bytes += eventSize(event);
    }
    return bytes;
  }

  /** Events claimed from the outbox. */
  claimed(
    { id, key, first_seq, producer, recorded_at, customer_id }: ClaimedSegment,
    events: readonly UsageEvent[],
  ): void {
    this.events = [...events];
    this.bytes = events.reduce((sum, event) => sum + eventSize(event), 0);
    this.#take({ segment: id, key, first_seq, producer }, recorded_at);
    if (customer_id === undefined) return;
    this.customers = new Map([[this.tenant_id, customer_id]]);
    this.leased = new Set([this.tenant_id]);
  }

  /**
   * The outbox has stored it, except for the events in `absent`. The rest becomes a segment of its own, which is returned; receipts move
   * with it.
   */
  stored(appended: Appended, now: number, absent: ReadonlyMap<number, Absent>): Segment {
    let rest: Segment = this;
    if (absent.size > 0) {
      rest = new Segment(this, this.#waiting, this.#isDurable);
      rest.isAhead = this.isAhead;
      this.#elsewhere = this.events.map((event, index) => {
        const gone = absent.get(index);
        if (gone !== undefined) return gone;
        rest.events.push(event);
        rest.bytes += eventSize(event);
        return { segment: rest, index: rest.open++ };
      });
      this.open = 0;
    }
    rest.isVolatile = appended.volatile ?? false;
    rest.#take(appended, now);
    if (rest !== this) this.#forward();
    return rest;
  }

  /** An event that waited alone for room is now in another segment. */
  becomes(segment: Segment, index: number): void {
    this.#elsewhere = [{ segment, index }];
    this.#forward();
  }

  /** An event that waited alone for room was not recorded. */
  absent(absent: Absent): void {
    this.#elsewhere = [absent];
    this.#forward();
  }

  #take({ segment, key, first_seq, producer }: Omit<Appended, "exceptions">, now: number): void {
    this.id = segment;
    this.key = key;
    this.first_seq = first_seq;
    this.producer = producer;
    this.recordedAt = now;
    this.given = [];
    this.#isStored = true;
    this.#stored?.resolve();
  }

  /** Nobody waits here any more: each waiter learns where its event went. */
  #forward(): void {
    this.#isStored = true;
    this.#stored?.resolve();
    for (const [index, { resolve }] of this.#settled ?? []) void this.settled(index).then(resolve);
    this.events = [];
    this.#settled = undefined;
  }

  /**
   * Settles events, and notifies who waits for them.
   * @param each - the outcome of each event, if they differ from `outcome`; for the waiters only
   */
  end(from: number, to: number, outcome: SettledOutcome, each?: readonly SettledOutcome[]): void {
    this.open -= to - from;
    if (this.#isAll(from, to) && this.#fates === undefined) this.#fates = outcome;
    else {
      const fates = Array.isArray(this.#fates)
        ? this.#fates
        : new Array<SettledOutcome | undefined>(this.events.length).fill(this.#fates);
      this.#fates = fates.fill(outcome, from, to);
    }
    for (const [index, { resolve }] of this.#settled ?? []) {
      if (index < from || index >= to) continue;
      this.#settled?.delete(index);
      resolve(each?.[index - from] ?? outcome);
    }
    this.#forget();
  }

  /** Events leave memory and stay in the outbox only; returns the receipts to notify when they are settled, by key. */
  leave(
    from: number,
    to: number,
  ): readonly (readonly [key: number, tell: (outcome: SettledOutcome) => void])[] {
    this.open -= to - from;
    const tell = [...(this.#settled ?? [])].flatMap(([index, { resolve }]) => {
      if (index < from || index >= to) return [];
      this.#settled?.delete(index);
      return [[this.key + index, resolve] as const];
    });
    this.#forget();
    return tell;
  }

  /** The outbox let go of what waits here: how to tell of each event, by key, when it ends elsewhere. */
  letGo(): readonly (readonly [key: number, tell: (outcome: SettledOutcome) => void])[] {
    return this.events.flatMap((_, index) =>
      this.fate(index) === undefined
        ? [[this.key + index, (outcome: SettledOutcome) => this.#decide(index, outcome)] as const]
        : [],
    );
  }

  #decide(index: number, outcome: SettledOutcome): void {
    const fates = Array.isArray(this.#fates)
      ? this.#fates
      : new Array<SettledOutcome | undefined>(this.events.length).fill(undefined);
    fates[index] = outcome;
    this.#fates = fates;
    this.#settled?.get(index)?.resolve(outcome);
    this.#settled?.delete(index);
  }

  /** Nothing more will be decided: notifies who still waits where the events are. */
  close(outcome: SettledOutcome): void {
    this.#isStored = true;
    this.#stored?.resolve();
    for (const { resolve } of this.#settled?.values() ?? []) resolve(outcome);
    this.#settled = undefined;
    if (this.#fates === undefined) this.#fates = outcome;
    else if (Array.isArray(this.#fates)) this.#fates = this.#fates.map((fate) => fate ?? outcome);
  }

  /** Resolves when the outbox has stored it, or refused it. */
  whenStored(): Promise<void> {
    if (this.#isStored) return Promise.resolve();
    this.#stored ??= this.#waiting.promise();
    return this.#stored.promise;
  }

  /** Maps the events of a part to their new places, without those that were not recorded. */
  placesOf(
    from: number,
    to: number,
  ): readonly { readonly segment: Segment; readonly index: number; readonly was: number }[] {
    const places: { segment: Segment; index: number; was: number }[] = [];
    for (let i = from; i < to; i++) {
      const elsewhere = this.#elsewhere?.[i];
      if (elsewhere === undefined) places.push({ segment: this, index: i, was: i });
      else if ("segment" in elsewhere) places.push({ ...elsewhere, was: i });
    }
    return places;
  }

  get isShell(): boolean {
    return this.#elsewhere !== undefined;
  }

  async durable(index: number): Promise<DurableOutcome> {
    await this.whenStored();
    const elsewhere = this.#elsewhere?.[index];
    if (elsewhere === undefined) return this.#durability;
    return "segment" in elsewhere ? elsewhere.segment.durable(elsewhere.index) : elsewhere.durable;
  }

  /** The same, if it is known. */
  durability(index: number): DurableOutcome | undefined {
    const elsewhere = this.#elsewhere?.[index];
    if (elsewhere === undefined) return this.#isStored ? this.#durability : undefined;
    return "segment" in elsewhere ? elsewhere.segment.durability(elsewhere.index) : elsewhere.durable;
  }

  get #durability(): DurableOutcome {
    return this.#isDurable && this.id !== "" && !this.isVolatile ? DURABLE : VOLATILE;
  }

  settled(index: number): Promise<SettledOutcome> {
    const elsewhere = this.#elsewhere?.[index];
    if (elsewhere !== undefined)
      return "segment" in elsewhere
        ? elsewhere.segment.settled(elsewhere.index)
        : Promise.resolve(elsewhere.settled);
    const fate = this.fate(index);
    if (fate !== undefined) return Promise.resolve(fate);
    const { left } = this.#waiting;
    // It left memory before anybody asked.
    if (left !== undefined) {
      const isInMemory = !this.#isDurable || this.isVolatile;
      return Promise.resolve({ state: this.id === "" ? left : isInMemory ? "lost" : "persisted" });
    }
    this.#settled ??= new Map();
    const known = this.#settled.get(index);
    if (known !== undefined) return known.promise;
    const settled = this.#waiting.promise<SettledOutcome>();
    this.#settled.set(index, settled);
    return settled.promise;
  }

  fate(index: number): SettledOutcome | undefined {
    const elsewhere = this.#elsewhere?.[index];
    if (elsewhere !== undefined) {
      if ("segment" in elsewhere) return elsewhere.segment.fate(elsewhere.index);
      return elsewhere.settled instanceof Promise ? undefined : elsewhere.settled;
    }
    return Array.isArray(this.#fates) ? this.#fates[index] : this.#fates;
  }

  #isAll(from: number, to: number): boolean {
    return from === 0 && to === this.events.length;
  }

  /** A stored receipt does not keep the events in memory. */
  #forget(): void {
    if (this.open > 0) return;
    this.events = [];
    this.#sums = undefined;
  }
}

const DURABLE: DurableOutcome = /* @__PURE__ */ Object.freeze({ ok: true });
const VOLATILE: DurableOutcome = /* @__PURE__ */ Object.freeze({ ok: false, reason: "volatile" });
const NO_CUSTOMERS: ReadonlyMap<string, string> = new Map();
