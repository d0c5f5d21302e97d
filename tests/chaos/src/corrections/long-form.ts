/** The long form of `correction-run.test.ts`. Prints its figures; ends with 1 when the sandbox counts anything but the last revisions. */
import { parseArgs } from "node:util";
import { correctionRun } from "./correction-run.ts";

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "3000" },
    kills: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
  },
});

const started = performance.now();
const { journal, kills, expected, counted, reconciliation, stats } = await correctionRun({
  operations: Number(values.operations),
  kills: Number(values.kills),
  seed: Number(values.seed),
});
const corrections = journal.filter(({ what }) => what !== "record").length;
const seconds = ((performance.now() - started) / 1_000).toFixed(1);
console.log(
  `${journal.length - corrections} events, ${corrections} corrections, ${kills} kills, in ${seconds} s`,
);
console.log(`meant: ${expected.events} events with ${expected.usage} units`);
console.log(`counted: ${counted.events} events with ${counted.usage} units`);
console.log(
  `outbox: ${stats.recorded} recorded, ${stats.acknowledged} acknowledged, ${stats.discarded} discarded`,
);
console.log(reconciliation.agrees ? "both sides agree" : "the two sides differ");
if (expected.events !== counted.events || expected.usage !== counted.usage || !reconciliation.agrees)
  process.exitCode = 1;
