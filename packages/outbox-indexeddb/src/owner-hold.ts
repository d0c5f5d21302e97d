import type { EventRecord } from "@meter-lib/core";
import type { EventRow } from "./outbox-schema.ts";

/** Which events this owner has in its hands. After another owner took over from it, that is none of the earlier ones. */
export class OwnerHold {
  readonly producer: string;
  readonly #events = new WeakSet<EventRecord>();

  constructor(producer: string) {
    this.producer = producer;
  }

  add(event: EventRecord): void {
    this.#events.add(event);
  }

  has(event: EventRecord): boolean {
    return this.#events.has(event);
  }

  /** Whether this owner alone may send the event. */
  owns(event: EventRecord, row: EventRow | undefined): row is EventRow {
    return row?.holder === this.producer && this.#events.has(event);
  }
}
