import { expect, test } from "vitest";
import { targetsTable } from "./targets.ts";

test("says of each target whether it was reached, on the bound too, and nothing of what was not measured", () => {
  const [table] = targetsTable([
    { what: "a ratio", reading: 0.8, bound: 0.8, is: "at least" },
    { what: "another", reading: 0.79, bound: 0.8, is: "at least" },
    { what: "a rate", reading: 123_456, bound: 100_000, is: "at least", digits: 0 },
    { what: "a time", reading: 15.1, bound: 15, is: "at most", digits: 1 },
    { what: "left out", reading: Number.NaN, bound: 1, is: "at most" },
  ]);
  expect(table?.rows).toEqual([
    { target: "a ratio", wanted: "≥ 0.8", read: "0.80", reached: "yes" },
    { target: "another", wanted: "≥ 0.8", read: "0.79", reached: "no" },
    { target: "a rate", wanted: "≥ 100,000", read: "123,456", reached: "yes" },
    { target: "a time", wanted: "≤ 15", read: "15.1", reached: "no" },
  ]);
});

test("is no table when there is nothing to say", () => {
  expect(targetsTable([])).toEqual([]);
});
