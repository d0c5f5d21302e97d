import { expect, test } from "vitest";
import { missingExports } from "./missing-exports.ts";
import { packagesWith } from "./packages-with.ts";

const INNER =
  "export interface Shown { readonly deep: Deep; }\nexport interface Deep { readonly own: Own; }\ninterface Own { readonly a: string; }\nexport {};";

const missing = (outer: string) => {
  using built = packagesWith({
    "packages/inner/dist/index.d.ts": INNER,
    "packages/outer/dist/index.d.ts": outer,
  });
  const umbrella = built.packages.find(({ folder }) => folder === "outer");
  return umbrella && missingExports(umbrella, built.packages, built.base).get("@meter-lib/outer");
};

test("what a type shows has to be exported, however deep, but not what its package keeps to itself", () => {
  const make = 'import type { Shown } from "@meter-lib/inner";\nexport declare const make: () => Shown;\n';

  expect(missing(make)).toEqual(["Deep", "Shown"]);
  expect(missing(`${make}export type { Shown } from "@meter-lib/inner";`)).toEqual(["Deep"]);
  expect(missing(`${make}export type { Deep, Shown } from "@meter-lib/inner";`)).toEqual([]);
});
