import type { EventIssue } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import { expectedTime, isTime } from "@meter-lib/core/wire";

const NAME = /^[^\p{Cc}]{1,255}$/u;
const TOKEN = /^[\x21-\x7e]{1,255}$/;

/** Whether a value is a JSON object: not null, not an array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether the result of a check is an issue instead of a value. */
export const isIssue = (value: object): value is EventIssue => "expected" in value && "given" in value;

/** Returns what is wrong with a field, or undefined. */
export const fieldIssue = (field: string, value: unknown, expected: string): EventIssue => ({
  field,
  given: value === undefined ? "nothing" : describeValue(value),
  expected,
});

/** Ids of tenants, customers, meters and devices: text without control characters. */
export const isName = (value: unknown): value is string =>
  typeof value === "string" && NAME.test(value) && value.isWellFormed();

/** What {@link isName} expects, for error messages. */
export const NAME_EXPECTED = "text of 1 to 255 characters without control characters";

/** Ids of events, sessions and producers: visible ASCII. */
export const isToken = (value: unknown): value is string => typeof value === "string" && TOKEN.test(value);

/** What {@link isToken} expects, for error messages. */
export const TOKEN_EXPECTED = "1 to 255 visible ASCII characters without blanks";

/** Returns what is wrong with a time, or undefined if it is valid or missing. */
export const timeIssue = (field: string, value: unknown): EventIssue | undefined => {
  if (value === undefined || isTime(value)) return undefined;
  if (typeof value === "string") {
    return fieldIssue(field, value, "milliseconds since the epoch, as a number");
  }
  return fieldIssue(field, value, expectedTime(value));
};

/** Returns what is wrong with an event's amount: it must have either a number of units or times. */
export const amountIssue = (
  total_usage: unknown,
  start_time: unknown,
  end_time: unknown,
): EventIssue | undefined => {
  if (start_time === undefined && end_time === undefined) {
    if (typeof total_usage === "number" && Number.isSafeInteger(total_usage) && total_usage >= 0)
      return undefined;
    return fieldIssue(
      "total_usage",
      total_usage,
      total_usage === undefined ? "total_usage, or start_time or end_time" : "an integer from 0 to 2^53 − 1",
    );
  }
  if (total_usage !== undefined) {
    return fieldIssue(
      "total_usage",
      total_usage,
      "no value together with start_time and end_time: an event has either units or times",
    );
  }
  const issue = timeIssue("start_time", start_time) ?? timeIssue("end_time", end_time);
  if (issue !== undefined) return issue;
  if (typeof start_time === "number" && typeof end_time === "number" && end_time < start_time) {
    return fieldIssue("end_time", end_time, `a time at or after start_time (${start_time})`);
  }
  return undefined;
};
