import { expect, test } from "vitest";
import { measureBrowserSizes } from "../browser-size.ts";

// Raised on purpose only: `pnpm --filter meter-lib size` shows what a bundle is made of.
const BUDGETS: Readonly<Record<string, number>> = { "without outbox": 7_150, "with outbox": 11_900 };

test("a page loads no more than its budget, gzipped", async () => {
  const sizes = await measureBrowserSizes();

  expect(sizes.map(({ use }) => use)).toEqual(Object.keys(BUDGETS));
  for (const { use, gzipped } of sizes) expect(gzipped, use).toBeLessThanOrEqual(BUDGETS[use] ?? 0);
});

test.each(["ky", "valibot", "node:"])("nothing of a bundle comes from %s", async (name) => {
  const files = (await measureBrowserSizes()).flatMap(({ files }) => files);

  expect(files.length).toBeGreaterThan(0);
  expect(
    files.filter(({ path }) => path.startsWith(name) || path.includes(`/node_modules/${name}/`)),
  ).toEqual([]);
});
