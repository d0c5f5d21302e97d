import type { Meter } from "../catalog/meter.ts";
import { describeValue, type EventIssue } from "../check/event-issue.ts";
import { perhaps } from "../check/perhaps.ts";
import { type CheckedMetadata, isChecked } from "./check-metadata.ts";
import { FIELDS, ID_FIELDS, isName, isToken, isUsage, MAX_ID_LENGTH } from "./event-rules.ts";
import { expectedTime, isTime } from "./event-time.ts";

const timeIssue = (field: string, value: unknown): EventIssue => ({
  field,
  given: describeValue(value),
  expected: expectedTime(value),
});

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
  expected: `one of the catalog's ${meters.size} meters${perhaps(meter_id, meters.keys())}`,
});

/** The slow path: finds everything that is wrong, field by field. */
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
  for (const field of ID_FIELDS) {
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
        expected: `one of the fields ${[...FIELDS].join(", ")}${perhaps(field, FIELDS)}`,
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
        expected: "no value: a volume meter uses total_usage",
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
      expected: "no value: a performance meter uses start_time and end_time",
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
