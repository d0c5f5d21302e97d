// The long form: every case many times, and what pages lose by hand in the same cases. `pnpm trials [trials] [part of a name] [where]`
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import { startChromium } from "./chromium-browser.ts";
import { PAGE_CASES } from "./page-cases.ts";
import { openTrialGround, type TrialResult } from "./trial.ts";

const [, , trials = "10", part = "", where = "relay"] = process.argv;
const countedAt = where === "sandbox" || where === "no-dedup" ? where : undefined;
const chromium = await findChromium();
if (chromium === undefined) {
  console.error(NO_CHROMIUM);
  process.exit(1);
}

const sum = (results: readonly TrialResult[], field: keyof TrialResult): number =>
  results.reduce((total, result) => total + result[field], 0);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

let failed = false;
const ground = await openTrialGround((profile) => startChromium(chromium, profile), 2_500, countedAt);
try {
  console.log(
    "| case | sender | trials | events | missing at once | lost | received again | unequal | counted twice |",
  );
  console.log("|---|---|--:|--:|--:|--:|--:|--:|--:|");
  for (const pageCase of PAGE_CASES.filter(({ name }) => name.includes(part))) {
    const obstacle = ground.obstacleTo(pageCase);
    if (obstacle !== undefined) {
      console.log(`| ${pageCase.name} | skipped: ${obstacle} | | | | | | | |`);
      continue;
    }
    // What pages do by hand is compared where every copy shows.
    const senders = countedAt === undefined ? pageCase.senders : undefined;
    for (const sender of senders ?? ["meter-lib" as const]) {
      const results: TrialResult[] = [];
      try {
        for (let trial = 0; trial < Number(trials); trial++) results.push(await ground.run(pageCase, sender));
      } catch (error) {
        failed = true;
        console.log(`| ${pageCase.name} | ${sender} | failed: ${error} | | | | | | |`);
        continue;
      }
      const cells = (
        ["issued", "missingAtOnce", "lost", "received_again", "unequal", "countedTwice"] as const
      ).map((field) => sum(results, field));
      console.log(`| ${pageCase.name} | ${sender} | ${trials} | ${cells.join(" | ")} |`);
      if (sender !== "meter-lib") continue;
      const lost = pageCase.losses?.Chromium === undefined ? sum(results, "lost") : 0;
      if (lost + sum(results, "unequal") + sum(results, "countedTwice") > 0) failed = true;
    }
  }
} finally {
  await ground.close();
}
if (failed) process.exitCode = 1;
