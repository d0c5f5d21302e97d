import { expect, test } from "vitest";
import { durationText, unitText } from "./number-text.ts";

test.each([
  [12_500, "12.5 s"],
  [90 * 60_000, "1 h 30 min"],
  [2 * 3_600_000, "2 h"],
])("%i ms are %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test.each([
  [1, "page", "page"],
  [2, "page", "pages"],
  [0, "page", "pages"],
  [2, "GB", "GB"],
  [2, "tokens", "tokens"],
])("%i of the unit %s: %s", (value, unit, text) => {
  expect(unitText(value, unit)).toBe(text);
});
