import type { EventRecord } from "../event/event-record.ts";

const SMALL = 1_024;

/** The events of a store by key, oldest first, until they are forgotten. */
export class MemoryRows implements Iterable<EventRecord> {
  #events: EventRecord[] = [];
  #forgotten = 0;

  add(event: EventRecord): void {
    this.#events.push(event);
  }

  /** It is no row any more: its key is 0, as before it was stored. */
  forget(event: EventRecord): void {
    event.key = 0;
    this.#forgotten++;
    // Taken out by the thousand: one at a time costs more time, and an index of them more memory.
    if (this.#forgotten < SMALL || this.#forgotten * 2 < this.#events.length) return;
    this.#events = this.#events.filter(isRow);
    this.#forgotten = 0;
  }

  *[Symbol.iterator](): Iterator<EventRecord> {
    for (const event of this.#events) if (isRow(event)) yield event;
  }
}

const isRow = ({ key }: EventRecord): boolean => key !== 0;
