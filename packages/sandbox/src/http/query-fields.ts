import * as v from "valibot";

const MAX_PAGE = 1000;

const INTEGER = "an integer from 0 to 10^15 − 1";

/** Whole numbers in a query: times in milliseconds, numbers of rows. */
export const digits = v.pipe(v.string(INTEGER), v.regex(/^\d{1,15}$/, INTEGER), v.transform(Number));

/** Whole numbers of a range, both ends included. */
export const digitsBetween = (first: number, last: number) => {
  const expected = `an integer from ${first} to ${last}`;
  return v.pipe(
    v.string(expected),
    v.regex(/^\d{1,15}$/, expected),
    v.transform(Number),
    v.minValue(first, expected),
    v.maxValue(last, expected),
  );
};

/** How many rows a page holds. */
export const limit = digitsBetween(1, MAX_PAGE);

/** The same, optional. @default 100 */
export const pageLimit = v.optional(limit, "100");

/** How many rows come before a page. @default 0 */
export const offset = v.optional(digits, "0");

/** One of some words. */
export const oneOf = <const Words extends readonly string[]>(words: Words) =>
  v.picklist(
    words,
    words
      .map((word) => JSON.stringify(word))
      .join(", ")
      .replace(/, ([^,]*)$/, " or $1"),
  );

/** Required text. */
export const requiredText = (expected: string) => v.pipe(v.string(expected), v.minLength(1, expected));

/** An optional field. */
export const optionalText = v.optional(v.string());

/** A time to look at: `from` included, `to` excluded. */
export const timeRange = { from: v.optional(digits), to: v.optional(digits) };
