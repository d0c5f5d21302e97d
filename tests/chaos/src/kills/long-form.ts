/**
 * The long form of `kills.test.ts`: at least 200 kills and 200,000 events, over both receivers and both dialects.
 * Prints its figures; ends with 1 when anything was lost, counted twice or altered, or when a state was never hit.
 */
import { parseArgs } from "node:util";
import { killRun } from "./kill-run.ts";
import { findings, type Verdict } from "./oracle.ts";
import type { Dialect } from "./receiver.ts";
import { emptyHistogram, PLACES } from "./where-it-fell.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    events: { type: "string", default: "1600" },
    seed: { type: "string", default: "1" },
  },
});

const RUNS: readonly (readonly ["sandbox" | "plain", Dialect])[] = [
  ["sandbox", "events"],
  ["sandbox", "kafka-rest"],
  ["plain", "events"],
  ["plain", "kafka-rest"],
];

const total = emptyHistogram();
const bad: string[] = [];
const sums = { kills: 0, issued: 0, durable: 0, counted: 0 };
const started = Date.now();

const report = (name: string, verdict: Verdict): void => {
  const { issued, durable, arrivals, counted, duplicatesReceived, quarantined, lost, countedTwice } = verdict;
  console.log(
    `${name}: issued ${issued}, durable ${durable}, received ${arrivals} (${duplicatesReceived} duplicates), counted ${counted}, quarantined ${quarantined}, lost ${lost.length}, counted twice ${countedTwice.length}`,
  );
};

for (const [index, [receiver, dialect]] of RUNS.entries()) {
  const kills = Math.ceil(Number(values.kills) / RUNS.length);
  const seed = Number(values.seed) * 10 + index;
  const { verdict, histogram } = await killRun({
    receiver,
    dialect,
    kills,
    eventsPerLife: Number(values.events),
    seed,
  });
  report(`${receiver}, ${dialect}, ${kills} kills, seed ${seed}`, verdict);
  bad.push(...findings(verdict));
  sums.kills += kills;
  sums.issued += verdict.issued;
  sums.durable += verdict.durable;
  sums.counted += verdict.counted;
  for (const place of PLACES) {
    total[place].kills += histogram[place].kills;
    total[place].events += histogram[place].events;
  }
}

console.log("\nwhere the kills fell:");
for (const place of PLACES) {
  const { kills, events } = total[place];
  console.log(
    `  ${place.padEnd(32)} ${String(kills).padStart(5)} kills ${String(events).padStart(9)} events`,
  );
  if (kills === 0) bad.push(`no kill fell on: ${place}`);
}
console.log(
  `\n${sums.kills} kills, ${sums.issued} events issued, ${sums.durable} durable, ${sums.counted} counted, in ${Math.round((Date.now() - started) / 1000)} s`,
);
for (const finding of bad) console.log(`FAILED: ${finding}`);
process.exitCode = bad.length === 0 ? 0 : 1;
