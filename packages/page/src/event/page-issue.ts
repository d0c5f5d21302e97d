import type { EventIssue } from "@meter-lib/core";

/** An issue, with the short messages that a page has room for. */
export const pageIssue = (field: string, value: unknown, expected: string): EventIssue => ({
  field,
  given:
    value === undefined ? "nothing" : typeof value === "object" ? "an object" : String(value).slice(0, 60),
  expected,
});
