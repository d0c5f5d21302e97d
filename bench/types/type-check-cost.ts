import type { Measure } from "../harness/measure.ts";
import type { Row } from "../harness/report.ts";
import { compilers } from "./compiler.ts";
import { typeCost } from "./type-cost-project.ts";

const CALLS = 2_000;
const CATALOGS = [
  { meters: 18 },
  { meters: 30 },
  { meters: 500 },
  { meters: 5000 },
  { meters: 5000, schemaEvery: 10 },
];

/** What the types cost the compiler. Instantiations are the same on every machine. */
export const typeCheckCost: Measure = {
  name: "types",
  about: "what checking 2,000 calls costs the compiler, by size of the catalog",
  defaults: {},
  run: async () => {
    const rows: Row[] = [];
    for (const compiler of compilers) {
      for (const catalog of CATALOGS) {
        const none = await typeCost(compiler, { ...catalog, calls: 0 });
        const cost = await typeCost(compiler, { ...catalog, calls: CALLS });
        rows.push({
          compiler: compiler.name,
          meters: catalog.meters,
          "with schema": catalog.schemaEvery === undefined ? 0 : catalog.meters / catalog.schemaEvery,
          "check time s": cost.checkSeconds.toFixed(2),
          "of it calls s": (cost.checkSeconds - none.checkSeconds).toFixed(2),
          instantiations: cost.instantiations,
          "per call": Math.round((cost.instantiations - none.instantiations) / CALLS),
          "memory MB": cost.memoryMegabytes,
        });
      }
    }
    return { tables: [{ rows }] };
  },
};
