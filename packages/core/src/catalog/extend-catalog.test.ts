import { expect, test } from "vitest";
import type { Catalog } from "./catalog.ts";
import { extendCatalog } from "./extend-catalog.ts";
import { litewaveCatalog } from "./litewave-catalog.ts";

test("adds meters and leaves the base as it is", () => {
  const catalog = extendCatalog(litewaveCatalog, { "document.basic.page": { type: "volume", unit: "page" } });
  expect(catalog["document.basic.page"]).toEqual({ type: "volume", unit: "page" });
  expect(Object.keys(catalog)).toEqual([...Object.keys(litewaveCatalog), "document.basic.page"]);
  expect(Object.keys(litewaveCatalog)).not.toContain("document.basic.page");
  expect(Object.isFrozen(catalog)).toBe(true);
});

test("refuses an id of the base, even with the same meter", () => {
  const again: Catalog = { "page.processed.basic": litewaveCatalog["page.processed.basic"] };
  expect(() => extendCatalog(litewaveCatalog, again)).toThrow(
    '["page.processed.basic"]: expected an id that the base catalog does not have, got one that it has',
  );
});

test("checks both catalogs", () => {
  const bad: Catalog = { "": { type: "volume" } };
  expect(() => extendCatalog(bad, {})).toThrow("1 to 255 visible ASCII");
  expect(() => extendCatalog({}, bad)).toThrow("1 to 255 visible ASCII");
});
