import { describe, expect, test } from "vitest";
import { compilers } from "./compiler.ts";
import { type CostOptions, typeCost } from "./type-cost-project.ts";

// Instantiations are the same on every machine, time is not: `pnpm bench types` shows both.
const PER_CALL = 120;
const PER_METER = 60;
// A catalog of 18 has a share of what a first call costs whatever the catalog.
const FIRST_CALL = 5000;

type CatalogSize = Omit<CostOptions, "calls">;
const everySize: CatalogSize[] = [
  { meters: 18 },
  { meters: 500 },
  { meters: 5000 },
  { meters: 5000, schemaEvery: 10 },
];
const [typescript6, typescript7] = compilers;

const holds = async (compiler: typeof typescript7, catalog: CatalogSize) => {
  const none = await typeCost(compiler, { ...catalog, calls: 0 });
  const some = await typeCost(compiler, { ...catalog, calls: 200 });
  const more = await typeCost(compiler, { ...catalog, calls: 400 });
  const perCall = (more.instantiations - some.instantiations) / 200;
  // The compiler looks at every meter once.
  const once = some.instantiations - none.instantiations - 200 * perCall;
  expect(perCall).toBeLessThan(PER_CALL);
  expect(once).toBeLessThan(FIRST_CALL + PER_METER * catalog.meters);
};

describe("a call costs the compiler about the same, however large the catalog", () => {
  test.each(everySize)("TypeScript 7, %o", (catalog) => holds(typescript7, catalog));

  // Its counts are those of TypeScript 7 but it is far slower, so one size stands for all.
  test("TypeScript 6, 500 meters", () => holds(typescript6, { meters: 500 }));
});
