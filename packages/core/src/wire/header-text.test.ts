import fc from "fast-check";
import { expect, test } from "vitest";
import { isHeaderText } from "./header-text.ts";

test.each(["a", "a b", "~!@#$%^&*()", "x".repeat(8_000)])("%j fits", (text) =>
  expect(isHeaderText(text)).toBe(true),
);

test.each(["", " ", " a", "a ", "\ta", "a\tb", "a\r\nb: c", "a\u0000", "\u007f", "é", "日本", "\u{1f600}"])(
  "%j does not",
  (text) => {
    expect(isHeaderText(text)).toBe(false);
  },
);

test("what fits comes out of Headers as it went in", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
      fc.pre(isHeaderText(text));
      expect(new Headers({ "x-id": text }).get("x-id")).toBe(text);
    }),
  );
});
