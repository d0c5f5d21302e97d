import type { HourSums } from "../../log/sums/hour-sums.ts";
import type { FateListeners } from "./fate-listeners.ts";
import type { Segment } from "./segment.ts";
import type { Slice } from "./slice.ts";

export interface MemoryLimits {
  readonly events: number;
  readonly bytes: number;
}

const CLAIM_EVENTS = 2_000;

/** The segments with events in memory, and how much that is. */
export class EventsInMemory {
  readonly #limits: MemoryLimits;
  /** Oldest first. */
  readonly #segments = new Set<Segment>();
  readonly #listeners: FateListeners;
  readonly #unloaded: (hour: HourSums) => void;
  #events = 0;
  #bytes = 0;

  /**
   * @param listeners - who waits for events that stay in the outbox only
   * @param unloaded - told of events that leave
   */
  constructor(limits: MemoryLimits, listeners: FateListeners, unloaded: (hour: HourSums) => void) {
    this.#limits = limits;
    this.#listeners = listeners;
    this.#unloaded = unloaded;
  }

  get events(): number {
    return this.#events;
  }

  get segments(): Iterable<Segment> {
    return this.#segments;
  }

  /**
   * Whether there is room for a segment: half of the memory is first come, first served; the other half is shared evenly among tenants.
   * @param load - events of its tenant in this process
   * @param tenants - how many tenants have events in this process
   */
  mayHold(segment: Segment, load: number, tenants: number): boolean {
    const { events, bytes } = this.#limits;
    if (this.#events <= events / 2 && this.#bytes <= bytes / 2) return true;
    if (this.#events > events || this.#bytes > bytes) return false;
    return segment.tenant_id === "" || load <= events / 2 / tenants;
  }

  /** How much to claim from the outbox now. Few large claims rather than many small ones. */
  get claimable(): { readonly maxEvents: number; readonly maxBytes: number } | undefined {
    const { events, bytes } = this.#limits;
    const maxEvents = Math.min(CLAIM_EVENTS, Math.floor(events / 2 - this.#events));
    const maxBytes = Math.floor(bytes / 2 - this.#bytes);
    return this.#events > events / 4 || maxBytes <= 0 || maxEvents <= 0 ? undefined : { maxEvents, maxBytes };
  }

  enter(segment: Segment): void {
    this.#segments.add(segment);
    this.#events += segment.open;
    this.#bytes += segment.bytes;
  }

  /** A claimed segment enters slice by slice. */
  enterSlice({ segment, size, bytes }: Slice): void {
    this.#segments.add(segment);
    segment.open += size;
    this.#events += size;
    this.#bytes += bytes;
  }

  /** The stored part of a segment takes its place. */
  replace(segment: Segment, rest: Segment): void {
    if (rest === segment) return;
    this.#segments.delete(segment);
    if (rest.open > 0) this.#segments.add(rest);
  }

  /** Events leave memory. */
  exit({ segment, size, bytes }: Slice, sums: readonly HourSums[]): void {
    this.#events -= size;
    this.#bytes -= bytes;
    for (const hour of sums) this.#unloaded(hour);
    if (segment.open === size) this.#segments.delete(segment);
  }

  /** Events stay in the outbox only. */
  leave(slice: Slice): void {
    const { segment, from, to } = slice;
    this.exit(slice, segment.sumsOf(from, to));
    for (const [key, tell] of segment.leave(from, to)) this.#listeners.onKey(key, tell);
  }

  /** The same, if their keys are not known. */
  leaveUnknown(slice: Slice): void {
    const { segment, from, to } = slice;
    this.exit(slice, segment.sumsOf(from, to));
    const events = [...slice.events()];
    for (const [key, tell] of segment.leave(from, to)) {
      const event = events[key - segment.key - from];
      if (event !== undefined) this.#listeners.onIdentity(event, tell);
    }
  }

  /** Whoever waits for events of this segment waits for them in the outbox from now on. */
  letGo(id: string): void {
    for (const segment of this.#segments)
      if (segment.id === id) for (const [key, tell] of segment.letGo()) this.#listeners.onKey(key, tell);
  }

  /** One event was not recorded. */
  forget(segment: Segment, index: number): void {
    this.#events--;
    this.#bytes -= segment.bytesOf(index, index + 1);
    for (const hour of segment.sumsOf(index, index + 1)) this.#unloaded(hour);
  }
}
