import { Child, numberIn } from "../harness/child.ts";
import { SinkProcess } from "../harness/sink-process.ts";

/** What one contestant did in one round. */
export interface Reading {
  /** From the first event to the arrival of the last. */
  readonly deliveredPerSecond: number;
  readonly cpuMicrosPerEvent: number;
  /** On the wire, with headers. */
  readonly bytesPerEvent: number;
  readonly peakRssMiB: number;
  /** Taken and never arrived. Below zero: some arrived twice. */
  readonly lost: number;
}

const WARM_UP_SHARE = 0.1;

/**
 * Has a contestant deliver so many events to a sink of its own.
 *
 * @param flags - flags of Node for its process, which is then waited for until it has ended
 */
export const takeReading = async (
  contestant: string,
  events: number,
  flags: readonly string[] = [],
): Promise<Reading> => {
  await using sink = await SinkProcess.start();
  const warmUp = Math.ceil(events * WARM_UP_SHARE);
  await using child = new Child(import.meta.resolve("./run-contestant.ts"), {
    args: [contestant, sink.url, warmUp, events],
    flags,
  });
  await child.next();
  const before = await sink.settled(warmUp);
  const { startedAt } = await child.ask({ run: true });
  const after = await sink.settled(before.events + events);
  const cost = await child.ask({ cost: true });
  if (flags.length > 0) await child.ended();
  const arrived = after.events - before.events;
  return {
    deliveredPerSecond: (arrived / (after.lastArrival - Number(startedAt))) * 1_000,
    cpuMicrosPerEvent: numberIn(cost, "cpuMicros") / events,
    bytesPerEvent: (after.bytes - before.bytes) / Math.max(1, arrived),
    peakRssMiB: numberIn(cost, "peakRssBytes") / 1024 ** 2,
    lost: events - arrived,
  };
};
