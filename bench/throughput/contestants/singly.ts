import type { Load } from "../contestant.ts";
import { Gate } from "./gate.ts";

/** Requests of one event that are on the way at once. */
export const SINGLES_IN_FLIGHT = 64;

/** One call per event, so many at once. */
export const singly = (call: (index: number) => Promise<unknown>): Load => {
  const gate = new Gate(SINGLES_IN_FLIGHT);
  return {
    send: (index) =>
      gate.run(async () => {
        await call(index);
      }),
    flush: () => gate.empty(),
    close: async () => {},
  };
};
