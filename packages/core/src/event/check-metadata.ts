import type { Metadata, MetadataSchema, Meter } from "../catalog/meter.ts";
import { describeValue, type EventIssue } from "../check/event-issue.ts";
import { isPlainObject } from "../check/is-object.ts";
import { MAX_ID_LENGTH, NAME } from "./event-rules.ts";

/** Removes from an event's metadata what must not be stored or sent. */
export type Redact = (metadata: Metadata, meter_id: string) => Metadata;

/** Metadata after the hook. */
export const redacted = (
  metadata: CheckedMetadata,
  meter_id: unknown,
  redact: Redact | undefined,
): CheckedMetadata => {
  if (redact === undefined || metadata === undefined || !isChecked(metadata) || typeof meter_id !== "string")
    return metadata;
  try {
    return freeze(readTexts(redact(metadata, meter_id)));
  } catch {
    // What a failing hook would have removed must not get through; the usage still counts.
    return undefined;
  }
};

/** Valid metadata, no metadata, or what is wrong with it. */
export type CheckedMetadata = Metadata | undefined | readonly EventIssue[];

export const isChecked = (metadata: Metadata | readonly EventIssue[]): metadata is Metadata =>
  !Array.isArray(metadata);

/** Checks metadata as text, then by the meter's schema. Returns a frozen copy. */
export const checkMetadata = (meter: Meter | undefined, given: unknown): CheckedMetadata => {
  const schema = meter?.metadata;
  if (given === undefined && schema === undefined) return undefined;
  const texts = given === undefined ? {} : readTexts(given);
  if (!isChecked(texts) || schema === undefined) return freeze(texts);
  return runSchema(schema, texts);
};

/** Whether all events of a meter have metadata. */
export const hasMetadata = (meter: Meter): boolean => {
  const without = checkMetadata(meter, undefined);
  return without !== undefined && Object.keys(without).length > 0;
};

/** Copies the metadata without undefined values. */
const readTexts = (given: unknown): Metadata | readonly EventIssue[] => {
  // The contents of a Map, a Headers or a promise are not fields and would be lost.
  if (!isPlainObject(given)) {
    const what = describeValue(given);
    const shown = what === "an object" ? "an object with a prototype of its own" : what;
    return [{ field: "metadata", given: shown, expected: "a plain object of texts" }];
  }
  const texts: Record<string, string> = {};
  const issues: EventIssue[] = [];
  for (const key of Object.keys(given)) {
    const value = given[key];
    if (value === undefined) continue;
    if (key === "__proto__" || !NAME.test(key) || !key.isWellFormed()) {
      issues.push({
        field: "metadata",
        given: `the key ${describeValue(key)}`,
        expected: `keys of 1 to ${MAX_ID_LENGTH} characters, not __proto__`,
      });
    } else if (typeof value !== "string" || !value.isWellFormed()) {
      issues.push({ field: `metadata.${key}`, given: describeValue(value), expected: "text" });
    } else {
      texts[key] = value;
    }
  }
  return issues.length > 0 ? issues : texts;
};

const freeze = (texts: Metadata | readonly EventIssue[]): CheckedMetadata => Object.freeze(texts);

const pathOf = (path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string =>
  ["metadata", ...(path ?? []).map((part) => String(typeof part === "object" ? part.key : part))].join(".");

/** Runs a schema; if it throws, the metadata is invalid. */
const validate = (
  schema: MetadataSchema,
  given: unknown,
): ReturnType<MetadataSchema["~standard"]["validate"]> => {
  try {
    return schema["~standard"].validate(given);
  } catch (error) {
    return { issues: [{ message: `it threw ${error instanceof Error ? error.message : String(error)}` }] };
  }
};

const runSchema = (schema: MetadataSchema, given: unknown): CheckedMetadata => {
  const result = validate(schema, given);
  if (result instanceof Promise) {
    // The promise is ignored; a rejection must not be reported as unhandled.
    result.catch(() => {});
    return [{ field: "metadata", given: "an asynchronous schema", expected: "a synchronous schema" }];
  }
  if (result.issues !== undefined) {
    return result.issues.map((issue) => ({
      field: pathOf(issue.path),
      given: describeValue(given),
      expected: `metadata that its schema accepts (${issue.message})`,
    }));
  }
  return freeze(readTexts(result.value));
};
