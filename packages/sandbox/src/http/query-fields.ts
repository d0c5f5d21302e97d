import * as v from "valibot";

const MAX_PAGE = 1000;

/** Whole numbers in a query: times in milliseconds, numbers of rows. */
export const digits = (name: string) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, ({ input }) => `${name}: expected an integer ≥ 0, got ${JSON.stringify(input)}`),
    v.transform(Number),
  );

/** How many rows a page holds. */
export const limit = v.pipe(
  digits("limit"),
  v.minValue(1, "limit: expected an integer from 1 to 1000"),
  v.maxValue(MAX_PAGE, "limit: expected an integer from 1 to 1000"),
);

/** The same, optional. @default 100 */
export const pageLimit = v.optional(limit, "100");

/** How many rows come before a page. @default 0 */
export const offset = v.optional(digits("offset"), "0");

/** Required text. */
export const requiredText = (name: string, expected: string) =>
  v.pipe(v.optional(v.string(), ""), v.minLength(1, `${name}: expected ${expected}, got nothing`));

/** An optional field. */
export const optionalText = v.optional(v.string());
