import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHttpDate, parseRetryAfter } from "./retry-after.ts";

const NOV_6_1994 = Date.UTC(1994, 10, 6, 8, 49, 37);

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 7 ", 7_000],
  ["1.5", 1_500],
  ["Sun, 06 Nov 1994 08:50:37 GMT", 60_000],
  ["Sunday, 06-Nov-94 08:50:37 GMT", 60_000],
  ["Sun Nov  6 08:50:37 1994", 60_000],
  ["Sun, 06 Nov 1994 08:48:37 GMT", 0],
])("Retry-After %j is %i ms", (text, expected) => {
  expect(parseRetryAfter(text, NOV_6_1994)).toBe(expected);
});

test.each([
  "",
  "soon",
  "-5",
  "1e3",
  "0x10",
  "12, 30",
  "Sun, 06 Nov 1994",
  "1994-11-06T08:49:37Z",
  "Infinity",
])("Retry-After %j says nothing", (text) => expect(parseRetryAfter(text, NOV_6_1994)).toBeUndefined());

test("any text gives a usable delay or none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,400}$/)), (text) => {
      const delay = parseRetryAfter(text, NOV_6_1994);
      return delay === undefined || (Number.isSafeInteger(delay) && delay >= 0);
    }),
  );
});

test("a date survives its own form", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
      expect(parseHttpDate(new Date(seconds * 1000).toUTCString())).toBe(seconds * 1000);
    }),
  );
});
