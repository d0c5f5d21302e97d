import { median } from "../harness/statistics.ts";
import type { Target } from "../harness/targets.ts";
import { LIMITS, SAME_BYTES_LIMIT, sdkPeers } from "./contestants/index.ts";
import { type Rounds, ratios } from "./rounds.ts";

const RECORD_MEMORY = "meter-lib record, kafka-rest, memory";
const RECORD_SQLITE = "meter-lib record, kafka-rest, SQLite";
const RELAY_MEMORY = "meter-lib relay, kafka-rest, memory";

/** What delivery ought to reach. */
export const throughputTargets = (rounds: Rounds): readonly Target[] => {
  const delivered = (name: string, to: string) => median(ratios(rounds, name, to));
  const cpu = (name: string, to: string) => median(ratios(rounds, name, to, "cpuMicrosPerEvent"));
  const cpuToBestPeer = (name: string) =>
    Math.max(...sdkPeers.map((peer) => cpu(name, peer.name)).filter(Number.isFinite));
  const atLeast = (what: string, reading: number, bound: number): Target => ({
    what,
    reading,
    bound,
    is: "at least",
  });
  const atMost = (what: string, reading: number, bound: number): Target => ({
    what,
    reading,
    bound,
    is: "at most",
  });
  const besideSameBytes = (name: string, most: number, least: number): readonly Target[] => [
    atMost(`${name}: CPU beside undici with the same bytes`, cpu(name, SAME_BYTES_LIMIT), most),
    atLeast(`${name}: delivered beside the same`, delivered(name, SAME_BYTES_LIMIT), least),
  ];
  return [
    ...besideSameBytes(RECORD_MEMORY, 1.3, 0.85),
    atMost(`${RECORD_MEMORY}: CPU beside the best other SDK`, cpuToBestPeer(RECORD_MEMORY), 0.6),
    ...besideSameBytes(RECORD_SQLITE, 2, 0.55),
    atLeast(
      `${RELAY_MEMORY}: delivered beside undici with the same bytes`,
      delivered(RELAY_MEMORY, SAME_BYTES_LIMIT),
      0.3,
    ),
    ...["meter-lib record, events, memory", "meter-lib post, events"].map((name) =>
      atLeast(`${name}: delivered beside undici, one event per POST`, delivered(name, LIMITS.single), 0.9),
    ),
  ];
};
