import type { OutgoingEvent } from "../event/usage-event.ts";
import type { Batch } from "../strategies/transport.ts";

/** Events that are there already, as a batch: for transports that are made of others. */
export const batchOf = (events: readonly OutgoingEvent[]): Batch => ({
  size: events.length,
  events,
  [Symbol.iterator]: () => events[Symbol.iterator](),
});
