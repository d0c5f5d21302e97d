import { median } from "../harness/statistics.ts";
import type { Target } from "../harness/targets.ts";
import { LIMITS, sdkPeers } from "./contestants/index.ts";
import { type Rounds, ratios } from "./rounds.ts";

const RECORD_MEMORY = "meter-lib record, kafka-rest, memory";
const RECORD_SQLITE = "meter-lib record, kafka-rest, SQLite";

/** What delivery ought to reach. */
export const throughputTargets = (rounds: Rounds): readonly Target[] => {
  const of = (name: string, to: string) => median(ratios(rounds, name, to));
  const ofBestPeer = (name: string) =>
    Math.min(...sdkPeers.map((peer) => of(name, peer.name)).filter(Number.isFinite));
  const target = (what: string, reading: number, bound: number): Target => ({
    what,
    reading,
    bound,
    is: "at least",
  });
  return [
    target(`${RECORD_MEMORY}, of the limit`, of(RECORD_MEMORY, LIMITS.batches), 0.8),
    target(`${RECORD_MEMORY}, of the best other SDK`, ofBestPeer(RECORD_MEMORY), 3),
    target(`${RECORD_SQLITE}, of the limit`, of(RECORD_SQLITE, LIMITS.batches), 0.5),
    target(`${RECORD_SQLITE}, of the best other SDK`, ofBestPeer(RECORD_SQLITE), 1),
    ...["meter-lib record, events, memory", "meter-lib post, events"].map((name) =>
      target(`${name}, of the limit`, of(name, LIMITS.single), 0.9),
    ),
  ];
};
