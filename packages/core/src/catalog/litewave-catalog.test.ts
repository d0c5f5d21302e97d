import { expect, test } from "vitest";
import { litewaveCatalog } from "./litewave-catalog.ts";

test("has the guide's 18 meters: 16 volume, 2 performance", () => {
  const types = Object.values(litewaveCatalog).map(({ type }) => type);
  expect(types.filter((type) => type === "volume")).toHaveLength(16);
  expect(types.filter((type) => type === "performance")).toHaveLength(2);
});

test("lacks the meter of the guide's quickstart, as the guide's own list does", () => {
  expect(Object.keys(litewaveCatalog)).not.toContain("document.basic.page");
});

test("takes storage as a level and adds up everything else", () => {
  const levels = Object.entries(litewaveCatalog).filter(([, { aggregation }]) => aggregation !== "sum");
  expect(levels.map(([id]) => id)).toEqual(["document.storage.size_gb"]);
});

test("cannot be changed, and finds nothing but meters", () => {
  expect(Object.isFrozen(litewaveCatalog)).toBe(true);
  expect(Object.values(litewaveCatalog).every(Object.isFrozen)).toBe(true);
  expect("constructor" in litewaveCatalog).toBe(false);
});
