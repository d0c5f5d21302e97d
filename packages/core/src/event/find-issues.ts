import type { Meter } from "../catalog/meter.ts";
import { type CheckedMetadata, isChecked } from "./check-metadata.ts";
import { describeValue, type EventIssue } from "./event-issue.ts";
import {
  FIELDS,
  isName,
  isTime,
  isToken,
  isUsage,
  LARGEST_TIME_IN_SECONDS,
  MAX_ID_LENGTH,
} from "./event-rules.ts";

const timeIssue = (field: string, value: unknown): EventIssue => {
  const seconds = typeof value === "number" && value > 0 && value <= LARGEST_TIME_IN_SECONDS;
  return {
    field,
    given: value instanceof Date ? "a Date" : describeValue(value),
    expected: seconds
      ? "milliseconds since the epoch (this looks like seconds: multiply by 1000)"
      : "milliseconds since the epoch, an integer ≥ 0",
  };
};

const nameIssue = (field: string, value: unknown): EventIssue => ({
  field,
  given: value === undefined ? "nothing" : describeValue(value),
  expected: `text of 1 to ${MAX_ID_LENGTH} characters without control characters`,
});

const tokenIssue = (field: string, value: unknown): EventIssue => ({
  field,
  given: describeValue(value),
  expected: `1 to ${MAX_ID_LENGTH} visible ASCII characters without blanks`,
});

const meterIssue = (meter_id: unknown, meters: ReadonlyMap<string, Meter>): EventIssue => ({
  field: "meter_id",
  given: meter_id === undefined ? "nothing" : describeValue(meter_id),
  expected: `one of the catalog's ${meters.size} meters${nearest(meter_id, meters.keys())}`,
});

/** Names the meter that was probably meant: the one that shares most words, then the longest beginning. */
const nearest = (meter_id: unknown, ids: Iterable<string>): string => {
  if (typeof meter_id !== "string") return "";
  const words = new Set(meter_id.split("."));
  let best = "";
  let bestScore = 4;
  for (const id of ids) {
    let start = 0;
    while (start < id.length && id[start] === meter_id[start]) start++;
    const shared = id.split(".").filter((word) => words.has(word)).length;
    const score = shared * MAX_ID_LENGTH + start;
    if (score > bestScore) {
      bestScore = score;
      best = id;
    }
  }
  return best === "" ? "" : ` (perhaps ${JSON.stringify(best)})`;
};

/** The slow path: everything that is wrong, field by field. */
export const findIssues = (
  input: Record<string, unknown>,
  meter: Meter | undefined,
  metadata: CheckedMetadata,
  meters: ReadonlyMap<string, Meter>,
): readonly EventIssue[] => {
  const issues: EventIssue[] = [];
  const { total_usage, start_time, end_time } = input;
  if (meter === undefined) issues.push(meterIssue(input.meter_id, meters));
  for (const field of ["tenant_id", "device_id"])
    if (!isName(input[field])) issues.push(nameIssue(field, input[field]));
  for (const field of ["event_id", "session_id"]) {
    const value = input[field];
    if (value !== undefined && value !== null && !isToken(value)) issues.push(tokenIssue(field, value));
  }
  if (input.event_time !== undefined && input.event_time !== null && !isTime(input.event_time)) {
    issues.push(timeIssue("event_time", input.event_time));
  }
  if (metadata !== undefined && !isChecked(metadata)) issues.push(...metadata);
  if (meter?.type === "volume") issues.push(...volumeIssues(total_usage, start_time, end_time));
  if (meter?.type === "performance") issues.push(...performanceIssues(total_usage, start_time, end_time));
  for (const field of Object.keys(input)) {
    if (!FIELDS.has(field)) {
      issues.push({
        field,
        given: describeValue(input[field]),
        expected: `no such field; events have ${[...FIELDS].join(", ")}`,
      });
    }
  }
  return issues;
};

const volumeIssues = (
  total_usage: unknown,
  start_time: unknown,
  end_time: unknown,
): readonly EventIssue[] => {
  const issues: EventIssue[] = [];
  if (!isUsage(total_usage)) {
    issues.push({
      field: "total_usage",
      given: total_usage === undefined ? "nothing" : describeValue(total_usage),
      expected: "an integer from 0 to 2^53 − 1",
    });
  }
  for (const [field, value] of Object.entries({ start_time, end_time })) {
    if (value !== undefined) {
      issues.push({
        field,
        given: describeValue(value),
        expected: "nothing: a volume meter counts total_usage",
      });
    }
  }
  return issues;
};

const performanceIssues = (
  total_usage: unknown,
  start_time: unknown,
  end_time: unknown,
): readonly EventIssue[] => {
  const issues: EventIssue[] = [];
  if (total_usage !== undefined) {
    issues.push({
      field: "total_usage",
      given: describeValue(total_usage),
      expected: "nothing: a performance meter reports start_time and end_time",
    });
  }
  if (start_time === undefined && end_time === undefined) {
    issues.push({ field: "start_time", given: "nothing", expected: "start_time, end_time or both" });
  }
  for (const [field, value] of Object.entries({ start_time, end_time })) {
    if (value !== undefined && !isTime(value)) issues.push(timeIssue(field, value));
  }
  if (isTime(start_time) && isTime(end_time) && end_time < start_time) {
    issues.push({
      field: "end_time",
      given: String(end_time),
      expected: `a time at or after start_time (${start_time})`,
    });
  }
  return issues;
};
