import type { EventRecord } from "../event/event-record.ts";

/** First in, first out, with cheap access to both ends. */
class Fifo {
  #events: EventRecord[] = [];
  #head = 0;

  get size(): number {
    return this.#events.length - this.#head;
  }

  push(event: EventRecord): void {
    this.#events.push(event);
  }

  putBack(events: readonly EventRecord[]): void {
    this.#events = [...events, ...this.#events.slice(this.#head)];
    this.#head = 0;
  }

  peek(): EventRecord | undefined {
    return this.#events[this.#head];
  }

  shift(): EventRecord | undefined {
    const event = this.#events[this.#head];
    this.#head++;
    // Drops the taken half now and then, so that taking stays cheap and memory is given back.
    if (this.#head > 1_024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }
}

/** Events of many tenants, taken in turns: with n tenants waiting, each has an n-th of the next batch. */
export class FairQueue {
  readonly #tenants = new Map<string, Fifo>();
  #size = 0;
  #bytes = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(event: EventRecord): void {
    this.#fifo(event.tenant_id).push(event);
    this.#size++;
    this.#bytes += event.bytes;
  }

  /** Puts events back where they were taken from: before the others of their tenants. */
  putBack(events: readonly EventRecord[]): void {
    const byTenant = new Map<string, EventRecord[]>();
    for (const event of events) {
      const siblings = byTenant.get(event.tenant_id);
      if (siblings === undefined) byTenant.set(event.tenant_id, [event]);
      else siblings.push(event);
      this.#size++;
      this.#bytes += event.bytes;
    }
    for (const [tenant_id, siblings] of byTenant) this.#fifo(tenant_id).putBack(siblings);
  }

  /** Takes at most so much, at least one event if there is any. Tenants that were served go to the end of the line. */
  take(maxEvents: number, maxBytes: number): EventRecord[] {
    const taken: EventRecord[] = [];
    let bytes = 0;
    while (this.#size > 0 && taken.length < maxEvents) {
      const quantum = Math.max(1, Math.floor((maxEvents - taken.length) / this.#tenants.size));
      let turnsLeft = this.#tenants.size;
      for (const [tenant_id, fifo] of this.#tenants) {
        // A tenant that is put at the end comes by again in the same loop: its next turn is in the next round.
        if (turnsLeft-- === 0) break;
        for (let turn = 0; turn < quantum && taken.length < maxEvents; turn++) {
          const next = fifo.peek();
          if (next === undefined) break;
          if (taken.length > 0 && bytes + next.bytes > maxBytes) return taken;
          fifo.shift();
          taken.push(next);
          bytes += next.bytes;
          this.#size--;
          this.#bytes -= next.bytes;
        }
        this.#tenants.delete(tenant_id);
        if (fifo.size > 0) this.#tenants.set(tenant_id, fifo);
        if (taken.length >= maxEvents) return taken;
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
