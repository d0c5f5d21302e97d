import type { Load } from "./contestant.ts";

const EVENTS_PER_TURN = 100;

/** Sends so many events and has them delivered. */
export const runLoad = async (load: Load, from: number, count: number): Promise<void> => {
  for (let sent = 0; sent < count; sent++) {
    const waiting = load.send(from + sent);
    if (waiting !== undefined) await waiting;
    // A service records between other work: the event loop turns.
    if (sent % EVENTS_PER_TURN === EVENTS_PER_TURN - 1)
      await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await load.flush();
};
