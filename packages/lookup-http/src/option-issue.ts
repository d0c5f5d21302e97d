import { describeValue, type EventIssue } from "@meter-lib/core/transport";
import * as v from "valibot";

const SECRET_FIELD = /^(?:apiKey|headers)/;

/** Converts a valibot issue, whose message states what was expected. Values that may be secrets are left out. */
export const toOptionIssue = (issue: v.BaseIssue<unknown>): EventIssue => {
  const field = v.getDotPath(issue) ?? "options";
  if (issue.type === "strict_object" && issue.expected === "never") {
    return { field, given: "a value", expected: "no option of this name" };
  }
  const expected = issue.type === "strict_object" ? expectedOfAll(issue) : issue.message;
  if (issue.input === undefined) return { field, given: "nothing", expected };
  const given = SECRET_FIELD.test(field)
    ? `a ${typeof issue.input} that does not fit`
    : describeValue(issue.input);
  return { field, given, expected };
};

/** The expected value of the options object itself, or of a missing option. */
const expectedOfAll = ({ expected }: v.BaseIssue<unknown>): string =>
  expected === "Object" ? "an object" : "a value (it has no default)";
