import * as v from "valibot";
import { describeValue, type EventIssue } from "../check/event-issue.ts";
import { isObject, isPlainObject } from "../check/is-object.ts";
import { perhaps } from "../check/perhaps.ts";
import { MeterError } from "../errors/meter-error.ts";
import type { Catalog } from "./catalog.ts";
import type { Meter } from "./meter.ts";
import { type MeterSchema, meterSchema } from "./meter-schema.ts";

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/** A possible meter, with its position in the caller's input. */
export interface MeterCandidate {
  /** `["page.processed.basic"]` in a record, `[3]` in a list. */
  readonly path: string;
  /** `["page.processed.basic"]` in a record, `[3].meter_id` in a list. */
  readonly idPath: string;
  readonly id: unknown;
  readonly meter: unknown;
}

/**
 * Returns the meters of a record, unchecked.
 *
 * @throws MeterError `invalid_catalog` if it is not a plain object
 */
export const recordCandidates = (value: unknown): MeterCandidate[] => {
  // A different prototype hides meters: `{ __proto__: … }` sets the prototype and adds no meter.
  if (!isPlainObject(value)) throw notACatalog(value, "an object of meters by id");
  return Object.entries(value).map(([id, meter]) => {
    const path = `[${JSON.stringify(id)}]`;
    return { path, idPath: path, id, meter };
  });
};

export const notACatalog = (value: unknown, expected: string): MeterError =>
  MeterError.fromIssues("invalid_catalog", [{ field: "catalog", given: describeValue(value), expected }]);

/**
 * Returns the meters by id.
 *
 * @throws MeterError `invalid_catalog`; its `issues` name each path
 */
export const readMeters = (candidates: readonly MeterCandidate[]): Catalog => {
  const schema = meterSchema();
  const meters = new Map<string, Meter>();
  const issues: EventIssue[] = [];
  for (const { path, idPath, id, meter } of candidates) {
    const expected = expectedId(id, meters);
    if (expected !== undefined) issues.push({ field: idPath, given: describeValue(id), expected });
    const result = v.safeParse(schema, meter);
    issues.push(...unknownFields(path, meter, Object.keys(schema.entries)));
    if (!result.success) issues.push(...result.issues.map((issue) => meterIssue(path, issue)));
    else if (typeof id === "string") meters.set(id, result.output);
  }
  if (issues.length > 0) throw MeterError.fromIssues("invalid_catalog", issues);
  return Object.fromEntries(meters);
};

const expectedId = (id: unknown, known: ReadonlyMap<string, Meter>): string | undefined => {
  if (typeof id !== "string" || !VISIBLE_ASCII.test(id)) return "an id of 1 to 255 visible ASCII characters";
  // As a key, it would change an object's prototype instead of adding a meter.
  if (id === "__proto__") return "an id that is safe as a key of an object";
  return known.has(id) ? "an id that is not used twice" : undefined;
};

/** Rejects unknown fields: ignoring a misspelt `aggregation` would change a bill. */
const unknownFields = (path: string, meter: unknown, fields: readonly string[]): readonly EventIssue[] =>
  Object.keys(isObject(meter) ? meter : {})
    .filter((field) => !fields.includes(field))
    .map((field) => ({
      field: `${path}.${field}`,
      given: describeValue(field),
      expected: `one of the fields ${fields.join(", ")}${perhaps(field, fields)}`,
    }));

const meterIssue = (path: string, issue: v.InferIssue<MeterSchema>): EventIssue => {
  const field = v.getDotPath(issue);
  return {
    field: field === null ? path : `${path}.${field}`,
    given: describeValue(issue.input),
    expected: issue.message,
  };
};
