import { compilers } from "./compiler.ts";
import { typeCost } from "./type-cost-project.ts";

// Prints what checking 2,000 calls costs the compiler, by size of the catalog. Times are of this machine.

const CALLS = 2000;
const SIZES = [18, 30, 500, 5000];

const rows: Record<string, string | number>[] = [];
for (const compiler of compilers) {
  for (const meters of SIZES) {
    const none = await typeCost(compiler, { meters, calls: 0 });
    const cost = await typeCost(compiler, { meters, calls: CALLS });
    rows.push({
      compiler: compiler.name,
      meters,
      calls: CALLS,
      "check time (s)": cost.checkSeconds,
      "of it calls (s)": Number((cost.checkSeconds - none.checkSeconds).toFixed(2)),
      instantiations: cost.instantiations,
      "per call": Math.round((cost.instantiations - none.instantiations) / CALLS),
      "memory (MB)": cost.memoryMegabytes,
    });
  }
}
console.table(rows);
