import { compilers } from "./compiler.ts";
import { typeCost } from "./type-cost-project.ts";

// Prints what checking 2,000 calls costs the compiler, by size of the catalog. Times are of this machine.

const CALLS = 2000;
const CATALOGS = [
  { meters: 18 },
  { meters: 30 },
  { meters: 500 },
  { meters: 5000 },
  { meters: 5000, schemaEvery: 10 },
];

const rows: Record<string, string | number>[] = [];
for (const compiler of compilers) {
  for (const catalog of CATALOGS) {
    const none = await typeCost(compiler, { ...catalog, calls: 0 });
    const cost = await typeCost(compiler, { ...catalog, calls: CALLS });
    rows.push({
      compiler: compiler.name,
      meters: catalog.meters,
      "with schema": catalog.schemaEvery === undefined ? 0 : catalog.meters / catalog.schemaEvery,
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
