import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { median, spread } from "../harness/statistics.ts";
import { targetsTable } from "../harness/targets.ts";
import type { Contestant } from "./contestant.ts";
import { contestants, LIMITS, SAME_BYTES_LIMIT } from "./contestants/index.ts";
import { type Rounds, ratios, takeRounds } from "./rounds.ts";
import { throughputTargets } from "./targets.ts";

/** Delivered events and what they cost, for every way to bring them to a backend. */
export const throughput: Measure = {
  name: "throughput",
  about: "delivered events a second, CPU and bytes per event; ours, the limit, other SDKs",
  defaults: { rounds: 3, events: 100_000 },
  chooses: true,
  run: async ({ rounds, events, only }) => {
    const limits = new Set<string>([...Object.values(LIMITS), SAME_BYTES_LIMIT]);
    const chosen = contestants.filter(({ name }) => name.includes(only) || limits.has(name));
    const taken = await takeRounds(chosen, rounds, events);
    const rows = chosen.filter(({ name }) => taken.readings.has(name)).map((each) => row(each, taken));
    return {
      tables: [{ rows }, ...targetsTable(throughputTargets(taken))],
      notes: [
        `Ratios are to "${LIMITS.batches}" or, where a request is one event, to "${LIMITS.single}", within a round; ` +
          `"same bytes" is to "${SAME_BYTES_LIMIT}", which sends what ours sends.`,
        ...taken.skipped,
      ],
      readings: Object.fromEntries(taken.readings),
    };
  },
};

const row = ({ name, promise, requests }: Contestant, rounds: Rounds): Row => {
  const readings = (rounds.readings.get(name) ?? []).filter((reading) => reading !== undefined);
  const shares = ratios(rounds, name, LIMITS[requests]);
  const sameBytes = requests === "batches" ? ratios(rounds, name, SAME_BYTES_LIMIT) : [];
  return {
    contestant: name,
    promise,
    "events/s": Math.round(median(readings.map(({ deliveredPerSecond }) => deliveredPerSecond))),
    "of the limit": median(shares).toFixed(2),
    spread: spread(shares, 2),
    "same bytes": sameBytes.length === 0 ? "" : median(sameBytes).toFixed(2),
    "CPU µs/event": median(readings.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)).toFixed(1),
    "bytes/event": Math.round(median(readings.map(({ bytesPerEvent }) => bytesPerEvent))),
    "peak RSS MiB": Math.round(median(readings.map(({ peakRssMiB }) => peakRssMiB))),
    lost: readings.reduce((sum, { lost }) => sum + lost, 0),
  };
};
