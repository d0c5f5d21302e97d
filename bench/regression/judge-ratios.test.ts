import { expect, test } from "vitest";
import { judgeRatios } from "./judge-ratios.ts";

test("a ratio far below its baseline is worse", () => {
  expect(judgeRatios([0.5, 0.55, 0.6], 0.8)).toEqual({ ratio: 0.55, baseline: 0.8, isWorse: true });
});

test("a little below is not, nor is anything above", () => {
  expect(judgeRatios([0.65, 0.66, 0.67], 0.8).isWorse).toBe(false);
  expect(judgeRatios([1.2, 1.3, 1.4], 0.8).isWorse).toBe(false);
});

test("one round as good as the baseline shows that the others were the machine's fault", () => {
  expect(judgeRatios([0.3, 0.4, 0.85], 0.8).isWorse).toBe(false);
});

test("what is new has nothing to be worse than", () => {
  expect(judgeRatios([0.1], undefined).isWorse).toBe(false);
});
