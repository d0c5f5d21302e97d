import type { Load } from "../contestant.ts";
import { Gate } from "./gate.ts";

export const BATCH = 500;
/** Batches that are on the way at once. */
export const BATCHES_IN_FLIGHT = 4;

/** Batches made by hand around a call that takes many events. */
export const inBatches = <Event>(
  eventOf: (index: number) => Event,
  call: (events: readonly Event[]) => Promise<unknown>,
  size = BATCH,
): Load => {
  const gate = new Gate(BATCHES_IN_FLIGHT);
  let events: Event[] = [];
  const leave = () => {
    const batch = events;
    events = [];
    return gate.run(async () => {
      await call(batch);
    });
  };
  return {
    send: (index) => {
      events.push(eventOf(index));
      return events.length === size ? leave() : undefined;
    },
    flush: async () => {
      if (events.length > 0) await leave();
      await gate.empty();
    },
    close: async () => {},
  };
};
