import { expect, expectTypeOf, test } from "vitest";
import { defineCatalog } from "../catalog/define-catalog.ts";
import { isMeterId } from "./is-meter-id.ts";
import type { VolumeMeterId } from "./meter-event.ts";

const catalog = defineCatalog({ "page.read": { type: "volume" }, "gpu.on": { type: "performance" } });

test("an id of the catalog, and no name that an object has anyway", () => {
  expect(["page.read", "gpu.on", "page.red", "constructor", ""].map((id) => isMeterId(catalog, id))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(isMeterId({ "page.read": { type: "volume" } }, "toString")).toBe(false);
});

test("of one type of meters", () => {
  expect(isMeterId(catalog, "page.read", "volume")).toBe(true);
  expect(isMeterId(catalog, "gpu.on", "volume")).toBe(false);
});

test("the compiler knows the id afterwards", () => {
  const id: string = "page.read";
  if (isMeterId(catalog, id)) expectTypeOf(id).toEqualTypeOf<"page.read" | "gpu.on">();
  if (isMeterId(catalog, id, "volume")) expectTypeOf(id).toEqualTypeOf<VolumeMeterId<typeof catalog>>();
});
