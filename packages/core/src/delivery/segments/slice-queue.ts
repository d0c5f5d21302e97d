import type { Slice } from "./slice.ts";

/** First in, first out, with cheap access to both ends. */
class Fifo {
  #slices: Slice[] = [];
  #head = 0;

  get isEmpty(): boolean {
    return this.#head >= this.#slices.length;
  }

  push(slice: Slice): void {
    this.#slices.push(slice);
  }

  putBack(slices: readonly Slice[]): void {
    this.#slices = [...slices, ...this.#slices.slice(this.#head)];
    this.#head = 0;
  }

  peek(): Slice | undefined {
    return this.#slices[this.#head];
  }

  /** Replaces the first item by its rest. */
  shift(left?: Slice): void {
    if (left !== undefined) {
      this.#slices[this.#head] = left;
      return;
    }
    this.#head++;
    // Compacts from time to time, so that taking stays cheap and memory is freed.
    if (this.#head > 1_024 && this.#head * 2 > this.#slices.length) {
      this.#slices = this.#slices.slice(this.#head);
      this.#head = 0;
    }
  }
}

/**
 * Slices that wait, taken in turns by tenant: with n waiting tenants, each gets an n-th of the next batch. Tenants with few events share
 * segments, and share one turn.
 */
export class SliceQueue {
  readonly #tenants = new Map<string, Fifo>();
  #size = 0;
  #bytes = 0;

  /** Events. */
  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(slice: Slice): void {
    this.#fifo(slice.segment.tenant_id).push(slice);
    this.#size += slice.size;
    this.#bytes += slice.bytes;
  }

  /** Puts slices back where they were taken from: before the others of their tenants. */
  putBack(slices: readonly Slice[]): void {
    const byTenant = new Map<string, Slice[]>();
    for (const slice of slices) {
      const { tenant_id } = slice.segment;
      const siblings = byTenant.get(tenant_id);
      if (siblings === undefined) byTenant.set(tenant_id, [slice]);
      else siblings.push(slice);
      this.#size += slice.size;
      this.#bytes += slice.bytes;
    }
    for (const [tenant_id, siblings] of byTenant) this.#fifo(tenant_id).putBack(siblings);
  }

  /** Takes at most this much, and at least one event if there is any. Tenants that were served go to the end of the line. */
  take(maxEvents: number, maxBytes: number): Slice[] {
    const taken: Slice[] = [];
    let events = 0;
    let bytes = 0;
    while (this.#size > 0 && events < maxEvents) {
      const quantum = Math.max(1, Math.floor((maxEvents - events) / this.#tenants.size));
      let turnsLeft = this.#tenants.size;
      for (const [tenant_id, fifo] of this.#tenants) {
        // A tenant put at the end is visited again in the same loop: its next turn is in the next round.
        if (turnsLeft-- === 0) break;
        let turn = Math.min(quantum, maxEvents - events);
        while (turn > 0) {
          const next = fifo.peek();
          if (next === undefined) break;
          const fits = fitting(next, turn, maxBytes - bytes, events === 0);
          if (fits === next.from) return taken;
          // Cut to fill up this batch, it would leave a rest that cuts the next one, and so on.
          const fillsOne = next.size >= maxEvents && this.#tenants.size === 1;
          if (fits < next.to && fillsOne && events > 0) return taken;
          const [head, rest] = fits === next.to ? [next] : next.cut(fits);
          fifo.shift(rest);
          taken.push(head);
          events += head.size;
          bytes += head.bytes;
          turn -= head.size;
          this.#size -= head.size;
          this.#bytes -= head.bytes;
        }
        this.#tenants.delete(tenant_id);
        if (!fifo.isEmpty) this.#tenants.set(tenant_id, fifo);
        if (events >= maxEvents) return taken;
      }
    }
    return taken;
  }

  #fifo(tenant_id: string): Fifo {
    let fifo = this.#tenants.get(tenant_id);
    if (fifo === undefined) {
      fifo = new Fifo();
      this.#tenants.set(tenant_id, fifo);
    }
    return fifo;
  }
}

/** The end of the largest prefix that can be taken. */
const fitting = (slice: Slice, maxEvents: number, maxBytes: number, atLeastOne: boolean): number => {
  if (slice.size <= maxEvents && slice.bytes <= maxBytes) return slice.to;
  const { segment, from } = slice;
  let to = from;
  let bytes = 0;
  while (to < slice.to && to - from < maxEvents) {
    bytes += segment.bytesOf(to, to + 1);
    if (bytes > maxBytes && !(atLeastOne && to === from)) break;
    to++;
  }
  return to;
};
