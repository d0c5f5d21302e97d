// Every case once in each browser engine, as a table. `pnpm engines [part of a name] [engine]`
import { ENGINES, type Engine, findEngine } from "./find-engines.ts";
import { PAGE_CASES } from "./page-cases.ts";
import { openTrialGround, type PageCase, type TrialGround } from "./trial.ts";

const [, , part = "", only = ""] = process.argv;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const cases = PAGE_CASES.filter(({ name }) => name.includes(part));
const cells = new Map<string, string[]>(cases.map(({ name }) => [name, []]));
let isComplete = true;
let areAllExact = true;

for (const engine of ENGINES.filter((name) => name.includes(only))) {
  const start = await findEngine(engine);
  if (typeof start === "string") {
    console.error(start);
    isComplete = false;
    continue;
  }
  const ground = await openTrialGround(start, 1_500);
  try {
    for (const pageCase of cases) {
      const shown = await outcomeOf(ground, engine, pageCase);
      console.error(`${engine}: ${pageCase.name}: ${shown}`);
      cells.get(pageCase.name)?.push(shown);
    }
  } finally {
    await ground.close();
  }
}

if (isComplete) {
  const engines = ENGINES.filter((name) => name.includes(only));
  console.log(`| case | expected after the next visit | ${engines.join(" | ")} |`);
  console.log(`|---|---|${engines.map(() => "---|").join("")}`);
  for (const { name, losses = {} } of cases) {
    const reasons = [...new Set(Object.values(losses))].map((reason) => {
      const where = engines.filter((engine) => losses[engine] === reason);
      return where.length === engines.length
        ? `lost: ${reason}`
        : `none lost, but in ${where.join()}: ${reason}`;
    });
    console.log(`| ${name} | ${reasons.join("; ") || "none lost"} | ${cells.get(name)?.join(" | ")} |`);
  }
}
if (!isComplete || !areAllExact) process.exitCode = 1;

async function outcomeOf(ground: TrialGround, engine: Engine, pageCase: PageCase): Promise<string> {
  if (ground.obstacleTo(pageCase) !== undefined) return "not possible";
  try {
    const { issued, missingAtOnce, lost, unequal } = await ground.run(pageCase, "meter-lib");
    if (unequal > 0 || (lost > 0 && pageCase.losses?.[engine] === undefined)) areAllExact = false;
    const later = unequal > 0 ? `${unequal} changed, ` : "";
    return `${issued - missingAtOnce} of ${issued} at once, ${later}${issued - lost} later`;
  } catch (error) {
    areAllExact = false;
    return `failed: ${error instanceof Error ? error.message : error}`;
  }
}
