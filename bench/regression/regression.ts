import { machineFacts } from "../harness/machine.ts";
import type { Measure } from "../harness/measure.ts";
import { spread } from "../harness/statistics.ts";
import { contestants, LIMITS } from "../throughput/contestants/index.ts";
import { ratios, takeRounds } from "../throughput/rounds.ts";
import { saveBaseline, savedRatios } from "./baseline.ts";
import { judgeRatios, TOLERANCE } from "./judge-ratios.ts";

const OWN = contestants.filter(({ name }) => name.startsWith("meter-lib ") && !name.includes("Python"));
const LIMIT_NAMES = new Set(Object.values(LIMITS));

/** Whether ours got slower beside the limit. A ratio of one run holds on any machine, more or less; a rate does not. */
export const regression: Measure = {
  name: "regression",
  about: "ours beside the limit, against bench/baseline.json; fails when one got clearly worse",
  defaults: { rounds: 5, events: 50_000 },
  run: async ({ rounds, events, save }) => {
    const machine = machineFacts();
    const limits = contestants.filter(({ name }) => LIMIT_NAMES.has(name));
    const taken = await takeRounds([...limits, ...OWN], rounds, events);
    const baseline = savedRatios();
    const judged = OWN.map(({ name, requests }) => {
      const own = ratios(taken, name, LIMITS[requests]);
      // A contestant without a single reading is as bad as can be.
      return { name, own, ...judgeRatios(own.length === 0 ? [0] : own, baseline.get(name)) };
    });
    if (save)
      saveBaseline({
        machine,
        rounds,
        events,
        ratios: Object.fromEntries(judged.map(({ name, ratio }) => [name, Number(ratio.toFixed(3))])),
      });
    const failures = judged.flatMap(({ name, ratio, baseline: before, isWorse }) => {
      if (before === undefined) return [`${name}: has no baseline; pnpm bench regression --save`];
      return isWorse
        ? [`${name}: ${ratio.toFixed(2)} of the limit, ${before.toFixed(2)} in the baseline`]
        : [];
    });
    return {
      tables: [
        {
          rows: judged.map(({ name, own, ratio, baseline: before, isWorse }) => ({
            contestant: name,
            "of the limit": ratio.toFixed(2),
            spread: spread(own, 2),
            baseline: before?.toFixed(2) ?? "",
            verdict: isWorse ? "worse" : "",
          })),
        },
      ],
      notes: [
        `Batches beside "${LIMITS.batches}", single events beside "${LIMITS.single}". Worse: the median is more than ` +
          `${TOLERANCE * 100} % below the baseline, and no round reached it.`,
        ...taken.skipped,
      ],
      readings: Object.fromEntries(taken.readings),
      failures: save ? [] : failures,
    };
  },
};
