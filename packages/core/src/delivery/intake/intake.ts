import { MeterError } from "../../errors/meter-error.ts";
import type { CheckedEvent } from "../../event/checked-event.ts";
import type { Lane } from "../../event/usage-event.ts";
import type { OutboxLimits } from "../../log/outbox/outbox.ts";
import type { HourSums } from "../../log/sums/hour-sums.ts";
import type { Waiting } from "../receipts/receipt.ts";
import { Segment } from "../segments/segment.ts";

export interface IntakeOptions {
  readonly limits: OutboxLimits;
  readonly isDurable: boolean;
  /** Maximum that may wait to be stored. */
  readonly maxUnstored: { readonly events: number; readonly bytes: number };
  readonly waiting: Waiting;
  readonly steady: () => number;
}

/** How much is in the outbox, and how much of it belongs to tenants without a known customer. */
export interface Fill {
  readonly pendingEvents: number;
  readonly pendingBytes: number;
  /** Events of tenants without a known customer, if the event's tenant is one of them. */
  readonly parked: { readonly events: number; readonly bytes: number } | undefined;
}

// Events that wait for customers must not fill the outbox for all.
const PARKED_SHARE = 0.25;
const BACKFILL_SHARE = 0.5;
const SEGMENT_EVENTS = 500;
const SEGMENT_BYTES = 512 * 1024;
/**
 * A tenant with more pending events than this, and with many more than the others have, has segments of its own, so that it gets its turn
 * and no more. The others share segments: each costs a store about as much as a hundred events.
 */
const FEW_EVENTS = 16;
const MANY_TENANTS = 8;
const TIMES_THE_AVERAGE = 2;
/** So many tenants are remembered although nothing of them is pending. */
const MOST_IDLE = 20_000;

/** The open segments of each lane. */
type Open = { [Each in Lane]?: Segment | undefined };

/** How much of a tenant is pending in this process. */
interface Load {
  events: number;
  /** Its own segments that are open, by lane. */
  readonly own: Open;
}

/** Gathers recorded events into the segments of the next commit. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #loads = new Map<string, Load>();
  /** Tenants of which something is pending. */
  #busy = 0;
  /** The sum of the loads. */
  #loaded = 0;
  readonly #shared: Open = {};
  /** Open segments of single tenants. */
  readonly #owned = new Set<Segment>();
  #sealed: Segment[] = [];
  #sealedEvents = 0;
  #numbers = 0;
  #events = 0;
  #bytes = 0;
  // Consecutive events often share a tenant: check the last one first.
  #lastTenant = "";
  #lastLoad: Load | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Recorded, and not yet taken for storage. */
  get events(): number {
    return this.#events;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a segment is full and need not wait for more. */
  get hasSealed(): boolean {
    return this.#sealed.length > 0;
  }

  /** Events in segments that are not full. */
  get unsealed(): number {
    return this.#events - this.#sealedEvents;
  }

  /** When the first waiting event came, in steady time. */
  get openedAt(): number | undefined {
    let at: number | undefined;
    for (const { openedAt } of this.gathered()) if (at === undefined || openedAt < at) at = openedAt;
    return at;
  }

  /** The newest number of a segment. */
  get lastNumber(): number {
    return this.#numbers;
  }

  /** Why there is no room for an event; undefined if there is. */
  refusal({ bytes }: CheckedEvent, lane: Lane, fill: Fill): MeterError | undefined {
    const { limits, maxUnstored, isDurable } = this.#options;
    const { maxEvents, maxBytes } = limits;
    const pendingEvents = fill.pendingEvents + this.#events;
    const pendingBytes = fill.pendingBytes + this.#bytes;
    if (pendingEvents >= maxEvents || pendingBytes + bytes > maxBytes)
      return noRoom(
        `the outbox holds ${pendingEvents} events (${pendingBytes} bytes) of at most ${maxEvents} (${maxBytes} bytes)`,
      );
    if (isDurable && (this.#events >= maxUnstored.events || this.#bytes >= maxUnstored.bytes))
      return noRoom(`${this.#events} events wait to be stored`);
    if (lane === "backfill" && pendingEvents >= maxEvents * BACKFILL_SHARE)
      return noRoom("a backfill may use half of the outbox");
    if (
      fill.parked !== undefined &&
      (fill.parked.events >= maxEvents * PARKED_SHARE || fill.parked.bytes + bytes > maxBytes * PARKED_SHARE)
    )
      return noRoom(
        "the customer of its tenant is not known, and events without a customer may use only a quarter of the outbox",
      );
    return undefined;
  }

  add(checked: CheckedEvent, lane: Lane): { readonly segment: Segment; readonly index: number } {
    const { tenant_id } = checked.event;
    const load = this.#load(tenant_id);
    if (load.events++ === 0) this.#busy++;
    this.#loaded++;
    this.#events++;
    this.#bytes += checked.bytes;
    const isOwn = this.#isLarge(load);
    const open = isOwn ? load.own : this.#shared;
    let segment = open[lane] ?? (isOwn ? this.#taken(tenant_id, load, lane) : undefined);
    if (segment === undefined || !segment.takes(checked.checkedAt)) {
      if (segment !== undefined) this.#seal(segment);
      segment = this.segment(lane, isOwn ? tenant_id : "");
      open[lane] = segment;
      if (isOwn) this.#owned.add(segment);
    }
    const index = segment.push(checked);
    if (segment.open >= SEGMENT_EVENTS || segment.bytes >= SEGMENT_BYTES) this.#seal(segment);
    return { segment, index };
  }

  /** A segment for events of this process. */
  segment(lane: Lane, tenant_id: string): Segment {
    this.#numbers++;
    return this.#segment(lane, tenant_id, this.#numbers);
  }

  /** A segment for events of the outbox: a flush waits for it with everything recorded before. */
  claimedSegment(lane: Lane, tenant_id: string): Segment {
    return this.#segment(lane, tenant_id, 0);
  }

  /** No more events come into the segments gathered so far. */
  seal(): void {
    for (const segment of this.#open()) this.#seal(segment);
  }

  /** Takes the full segments; with `isAll`, the others too. */
  take(isAll: boolean): readonly Segment[] {
    if (isAll) this.seal();
    const sealed = this.#sealed;
    this.#sealed = [];
    for (const { open, bytes } of sealed) {
      this.#events -= open;
      this.#bytes -= bytes;
    }
    this.#sealedEvents = 0;
    return sealed;
  }

  /** What is gathered, without taking it. */
  gathered(): readonly Segment[] {
    return [...this.#sealed, ...this.#open()];
  }

  /** Events of a tenant came from the outbox. */
  loaded(tenant_id: string, events: number): void {
    const load = this.#load(tenant_id);
    if (load.events === 0) this.#busy++;
    load.events += events;
    this.#loaded += events;
  }

  /** Events are settled, or left memory. */
  unloaded({ tenants, events }: HourSums): void {
    for (let i = 0; i < tenants.length; i++) {
      const load = this.#loads.get(tenants[i] ?? "");
      if (load === undefined || load.events === 0) continue;
      load.events -= events[i] ?? 0;
      this.#loaded -= events[i] ?? 0;
      if (load.events === 0) this.#busy--;
    }
  }

  /** Whether nothing of a tenant came in for a while. */
  isNew(tenant_id: string): boolean {
    return this.#known(tenant_id) === undefined;
  }

  loadOf(tenant_id: string): number {
    return this.#known(tenant_id)?.events ?? 0;
  }

  get tenants(): number {
    return this.#busy;
  }

  #segment(lane: Lane, tenant_id: string, number: number): Segment {
    const { steady, waiting, isDurable } = this.#options;
    return new Segment({ lane, tenant_id, number, openedAt: steady() }, waiting, isDurable);
  }

  /** What a tenant has had to itself so far becomes its own: else its first batch would be those few events. */
  #taken(tenant_id: string, { own }: Load, lane: Lane): Segment | undefined {
    const shared = this.#shared[lane];
    if (shared === undefined || shared.open > FEW_EVENTS || !shared.isOf(tenant_id)) return undefined;
    shared.tenant_id = tenant_id;
    this.#shared[lane] = undefined;
    own[lane] = shared;
    this.#owned.add(shared);
    return shared;
  }

  #isLarge({ events }: Load): boolean {
    const tenants = this.#busy;
    return (
      events > FEW_EVENTS && (tenants < MANY_TENANTS || events * tenants >= TIMES_THE_AVERAGE * this.#loaded)
    );
  }

  #known(tenant_id: string): Load | undefined {
    if (this.#lastLoad !== undefined && this.#lastTenant === tenant_id) return this.#lastLoad;
    const load = this.#loads.get(tenant_id);
    if (load === undefined) return undefined;
    this.#lastTenant = tenant_id;
    this.#lastLoad = load;
    return load;
  }

  #load(tenant_id: string): Load {
    const known = this.#known(tenant_id);
    if (known !== undefined) return known;
    if (this.#loads.size - this.#busy >= MOST_IDLE) this.#forgetIdle();
    const load: Load = { events: 0, own: {} };
    this.#loads.set(tenant_id, load);
    this.#lastTenant = tenant_id;
    this.#lastLoad = load;
    return load;
  }

  #forgetIdle(): void {
    for (const [tenant_id, { events }] of this.#loads) if (events === 0) this.#loads.delete(tenant_id);
    this.#lastLoad = undefined;
  }

  #open(): readonly Segment[] {
    const { live, backfill } = this.#shared;
    const open: Segment[] = [];
    if (live !== undefined) open.push(live);
    if (backfill !== undefined) open.push(backfill);
    return this.#owned.size === 0 ? open : [...open, ...this.#owned];
  }

  #seal(segment: Segment): void {
    this.#sealed.push(segment);
    this.#sealedEvents += segment.open;
    this.#owned.delete(segment);
    const open = segment.tenant_id === "" ? this.#shared : this.#loads.get(segment.tenant_id)?.own;
    if (open !== undefined) open[segment.lane] = undefined;
  }
}

export const closedRefusal = (): MeterError =>
  new MeterError("closed", "the client is closed; nothing was recorded");

export const noRoom = (why: string): MeterError =>
  new MeterError("no_room", `no room: ${why}; nothing was recorded`);
