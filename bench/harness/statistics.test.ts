import { expect, test } from "vitest";
import { median, quantile, spread } from "./statistics.ts";

test("the median stands in the middle, or between the middle two", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 6])).toBe(5.5);
  expect(median([])).toBeNaN();
});

test("a quantile is a value that was read, and no larger share lies above it", () => {
  const numbers = Array.from({ length: 1_000 }, (_, index) => 1_000 - index);
  expect(quantile(numbers, 0.99)).toBe(990);
  expect(quantile(numbers, 0.999)).toBe(999);
  expect(quantile(numbers, 1)).toBe(1_000);
  expect(quantile([7], 0.5)).toBe(7);
});

test("the spread is the lowest and the highest", () => {
  expect(spread([0.5, 0.25, 1], 2)).toBe("0.25–1.00");
  expect(spread([], 2)).toBe("");
});
