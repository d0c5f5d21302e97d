import { describeValue, type EventIssue, type UsageEvent } from "@meter-lib/core/transport";

/** The number of an event that a backend adds up; undefined for an event that has none. */
export type ValueOf = (event: UsageEvent) => number | undefined;

/** Units used, or milliseconds from start to end; undefined for an event with one boundary. */
export const usageValue: ValueOf = ({ total_usage, start_time, end_time }) =>
  total_usage ?? (start_time === undefined || end_time === undefined ? undefined : end_time - start_time);

export interface ValueRule {
  readonly backend: string;
  readonly takes: (value: number) => boolean;
  readonly expected: string;
}

/** Returns why a backend cannot add up the value of an event. */
export const valueIssue = (
  event: UsageEvent,
  numberOf: ValueOf,
  { backend, takes, expected }: ValueRule,
): EventIssue | undefined => {
  const field = event.type === "volume" ? "total_usage" : "end_time";
  let value: number | undefined;
  try {
    value = numberOf(event);
  } catch (error) {
    return {
      field: "value",
      given: `an error: ${String(error)}`,
      expected: "a function that does not throw",
    };
  }
  if (value === undefined) {
    return {
      field,
      given: "nothing",
      expected: `both times of a measured call, because ${backend} sums values and one boundary has none`,
    };
  }
  return takes(value) ? undefined : { field, given: describeValue(value), expected };
};
