import { expect, test } from "vitest";
import { describeApi } from "./describe-api.ts";
import { packagesWith } from "./packages-with.ts";

/** The surface of two packages with these declarations. */
const apiOf = (files: Readonly<Record<string, string>>): ReadonlyMap<string, string> => {
  using built = packagesWith(files);
  return describeApi(built.packages, built.base);
};

const FILES = {
  "packages/inner/dist/index.d.ts": "export interface Shared { readonly a: string; }",
  "packages/outer/dist/index.d.ts":
    'export { Shared } from "@meter-lib/inner"; export { f as make, type Options } from "./chunk-1.js";',
  "packages/outer/dist/chunk-1.d.ts":
    "interface Hidden { readonly deep: number; }\n/** Said in words. */\nexport declare const f: (options: Options) => void;\nexport type Options = { hidden?: Hidden };",
};

test("what is exported, what its types are made of, and what comes from elsewhere", () => {
  const outer = apiOf(FILES).get("outer");

  expect(outer).toContain("const f: (options: Options) => void; // as make");
  expect(outer).toContain("Not exported, but part of the types above:\n\n```ts\ninterface Hidden");
  expect(outer).toContain("From `inner`: `Shared`.");
  expect(outer).not.toContain("Said in words");
});

test("the name of a built file does not matter, a changed type does", () => {
  const renamed = {
    ...FILES,
    "packages/outer/dist/index.d.ts": FILES["packages/outer/dist/index.d.ts"].replace("chunk-1", "chunk-2"),
    "packages/outer/dist/chunk-2.d.ts": FILES["packages/outer/dist/chunk-1.d.ts"],
  };
  const changed = {
    ...FILES,
    "packages/outer/dist/chunk-1.d.ts": FILES["packages/outer/dist/chunk-1.d.ts"].replace("number", "string"),
  };

  expect(apiOf(renamed).get("outer")).toBe(apiOf(FILES).get("outer"));
  expect(apiOf(changed).get("outer")).not.toBe(apiOf(FILES).get("outer"));
});
