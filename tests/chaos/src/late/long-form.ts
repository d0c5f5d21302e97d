/**
 * The long form of `late-run.test.ts`: 10,000 late rejections among 1,000,000 events. Prints what it took; ends with 1 when anything drifts.
 */
import { parseArgs } from "node:util";
import { lateRun } from "./late-run.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "1000000" },
    rejected: { type: "string", default: "10000" },
  },
});

const { found, reconciled, settled, stats, times } = await lateRun({
  events: Number(values.events),
  rejected: Number(values.rejected),
});
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const missing = found.differences.reduce((sum, difference) => sum + difference.missing.length, 0);
console.log(`${stats.recorded} events recorded and acknowledged in ${seconds(times.deliver)}`);
console.log(
  `${missing} missing found, in ${found.drifting} of ${found.compared} hours, in ${seconds(times.find)}`,
);
console.log(`${stats.refuted} taken back by webhook in ${seconds(times.refute)}`);
console.log(`compared again in ${seconds(times.reconcile)}: ${reconciled.drifting} hours drift`);
console.log(`dead letters discarded: ${settled.agrees ? "both sides agree" : "the two sides differ"}`);
if (missing !== Number(values.rejected) || reconciled.drifting > 0 || !settled.agrees) process.exitCode = 1;
