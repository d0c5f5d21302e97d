import type { Metadata, MetadataSchema, Meter } from "../catalog/meter.ts";
import { describeValue, type EventIssue } from "./event-issue.ts";
import { isObject, MAX_ID_LENGTH, NAME } from "./event-rules.ts";

/** Takes out of an event's metadata what must not be stored or sent. */
export type Redact = (metadata: Metadata, meter_id: string) => Metadata;

/** Metadata as the hook leaves it. */
export const redacted = (
  metadata: CheckedMetadata,
  meter_id: unknown,
  redact: Redact | undefined,
): CheckedMetadata => {
  if (redact === undefined || metadata === undefined || !isChecked(metadata) || typeof meter_id !== "string")
    return metadata;
  try {
    return freeze(redact(metadata, meter_id));
  } catch {
    // What a broken hook would have taken out must not get through; the usage still counts.
    return undefined;
  }
};

/** Metadata that passed, none, or what is wrong with it. */
export type CheckedMetadata = Metadata | undefined | readonly EventIssue[];

export const isChecked = (metadata: Metadata | readonly EventIssue[]): metadata is Metadata =>
  !Array.isArray(metadata);

/** Checks metadata as text, then by the meter's schema; a frozen copy. */
export const checkMetadata = (meter: Meter | undefined, given: unknown): CheckedMetadata => {
  const schema = meter?.metadata;
  if (given === undefined && schema === undefined) return undefined;
  const issues = given === undefined ? [] : textIssues(given);
  if (issues.length > 0) return issues;
  return schema === undefined ? freeze(given) : runSchema(schema, given ?? {});
};

const textIssues = (given: unknown): readonly EventIssue[] => {
  if (!isObject(given))
    return [{ field: "metadata", given: describeValue(given), expected: "an object of texts" }];
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
    }
  }
  return issues;
};

const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === "string";

/** A copy without the keys that are undefined, which are as good as absent. */
const freeze = (given: unknown): CheckedMetadata => {
  const issues = textIssues(given);
  return issues.length === 0 && isObject(given)
    ? Object.freeze(Object.fromEntries(Object.entries(given).filter(isText)))
    : issues;
};

const pathOf = (path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string =>
  ["metadata", ...(path ?? []).map((part) => String(typeof part === "object" ? part.key : part))].join(".");

/** A schema that throws has refused. */
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
    // Nobody will look at it any more.
    result.catch(() => {});
    return [
      { field: "metadata", given: "a schema that answers later", expected: "a schema that checks at once" },
    ];
  }
  if (result.issues !== undefined) {
    return result.issues.map((issue) => ({
      field: pathOf(issue.path),
      given: describeValue(given),
      expected: `metadata that its schema takes (${issue.message})`,
    }));
  }
  return freeze(result.value);
};
