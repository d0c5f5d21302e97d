import { expect, test } from "vitest";
import { addressText, changedParams, parseAddress } from "./place.ts";

test("an address names a page and its settings", () => {
  expect(parseAddress("#/customers/cust_1?range=7d&meter=page.processed.basic")).toEqual({
    path: ["customers", "cust_1"],
    params: { range: "7d", meter: "page.processed.basic" },
  });
  expect(parseAddress("")).toEqual({ path: [], params: {} });
});

test.each(["a/b", "50 %", "?x=1", "#", "ümläut", "%E0%A4%A"])("the id %s comes back as it was", (id) => {
  expect(parseAddress(addressText(["customers", id], { meter: id }))).toEqual({
    path: ["customers", id],
    params: { meter: id },
  });
});

test("what is written wrong by hand is taken as it is", () => {
  expect(parseAddress("#/customers/%E0%A4%A").path).toEqual(["customers", "%E0%A4%A"]);
});

test("empty settings are left out", () => {
  expect(addressText(["events"], { state: "", meter: undefined, tenant: "t" })).toBe("#/events?tenant=t");
});

test("another question begins with the first page of its rows; the next page of one table leaves the others", () => {
  const params = { meter: "m", "totals.offset": "50", "tenants.offset": "100" };
  expect(changedParams(params, { range: "7d" })).toEqual({ meter: "m", range: "7d" });
  expect(changedParams(params, { "totals.offset": "100" })).toEqual({ ...params, "totals.offset": "100" });
});
