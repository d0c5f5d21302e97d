import type { Catalog } from "../catalog/catalog.ts";
import type { Metadata, MetadataSchema, Meter } from "../catalog/meter.ts";
import { MeterError } from "../errors/meter-error.ts";
import type { Clock } from "../strategies/clock.ts";
import { createEventId } from "./event-id.ts";
import { describeValue, type EventIssue } from "./event-issue.ts";
import { EventRecord } from "./event-record.ts";
import { fingerprint } from "./fingerprint.ts";
import { utf8Size } from "./utf8-size.ts";

/** Ids that a client was bound to: they stand in where an event has none. */
export interface EventContext {
  readonly tenant_id?: string | undefined;
  readonly device_id?: string | undefined;
}

/** Checks what a caller gave, whatever it is, against the catalog: the frozen event, or the error that says what is wrong. */
export type EventCheck = (input: unknown, context: EventContext) => EventRecord | MeterError;

/** Most characters of a tenant, device, event or session id. */
export const MAX_ID_LENGTH = 255;
/** Most UTF-8 bytes of one event. */
export const MAX_EVENT_BYTES = 32 * 1024;

// The wire's own words around the caller's: names, braces, times, the event id.
const WIRE_OVERHEAD_BYTES = 160;
// Up to here a number is far more likely a time in seconds: as milliseconds it would lie before 1973-03-04.
const LARGEST_TIME_IN_SECONDS = 1e11;
const LATEST_TIME = 8.64e15;

const NAME = /^[^\p{Cc}]{1,255}$/u;
const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

const FIELDS = new Set([
  "meter_id",
  "tenant_id",
  "device_id",
  "total_usage",
  "start_time",
  "end_time",
  "event_time",
  "event_id",
  "metadata",
  "session_id",
]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isName = (value: unknown): value is string =>
  typeof value === "string" && NAME.test(value) && value.isWellFormed();

const isToken = (value: unknown): value is string => typeof value === "string" && VISIBLE_ASCII.test(value);

const isUsage = (value: unknown): value is number =>
  Number.isSafeInteger(value) && typeof value === "number" && value >= 0;

const isTime = (value: unknown): value is number =>
  Number.isSafeInteger(value) &&
  typeof value === "number" &&
  (value > LARGEST_TIME_IN_SECONDS ? value <= LATEST_TIME : value === 0);

const timeIssue = (field: string, value: unknown): EventIssue => {
  const seconds = typeof value === "number" && value > 0 && value <= LARGEST_TIME_IN_SECONDS;
  return {
    field,
    given: describeValue(value),
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

/** Builds the check for a catalog. It is hand-written because it stands on the hot path and in browser bundles. */
export const createEventCheck = (catalog: Catalog, clock: Clock, redact?: Redact): EventCheck => {
  const meters = new Map(Object.entries(catalog));

  return (input, context) => {
    if (!isObject(input)) {
      return MeterError.fromIssues("invalid_event", [
        {
          field: "event",
          given: describeValue(input),
          expected: "an object with meter_id, tenant_id and device_id",
        },
      ]);
    }
    const { meter_id, total_usage, start_time, end_time } = input;
    const tenant_id = input.tenant_id ?? context.tenant_id;
    const device_id = input.device_id ?? context.device_id;
    const meter = typeof meter_id === "string" ? meters.get(meter_id) : undefined;
    const now = clock.now();
    const event_time = input.event_time ?? now;
    const event_id = input.event_id ?? createEventId(now);
    const session_id = input.session_id;
    const metadata = redacted(checkMetadata(meter, input.metadata), meter_id, redact);

    if (
      meter === undefined ||
      typeof meter_id !== "string" ||
      !isName(tenant_id) ||
      !isName(device_id) ||
      !isToken(event_id) ||
      !(isTime(event_time) || input.event_time === undefined) ||
      typeof event_time !== "number" ||
      !(session_id === undefined || isToken(session_id)) ||
      !(metadata === undefined || isChecked(metadata)) ||
      !hasFieldsOfType(meter, total_usage, start_time, end_time) ||
      hasForeignField(input)
    ) {
      return MeterError.fromIssues(
        "invalid_event",
        findIssues({ ...input, tenant_id, device_id }, meter, metadata, meters),
      );
    }

    const checked = {
      meter_id,
      device_id,
      type: meter.type,
      event_time,
      // Adding 0 makes 0 of −0.
      total_usage: typeof total_usage === "number" ? total_usage + 0 : undefined,
      start_time: typeof start_time === "number" ? start_time : undefined,
      end_time: typeof end_time === "number" ? end_time : undefined,
      metadata,
      session_id,
    };
    const bytes =
      WIRE_OVERHEAD_BYTES +
      utf8Size(tenant_id) +
      utf8Size(device_id) +
      meter_id.length +
      event_id.length +
      (session_id?.length ?? 0) +
      metadataSize(metadata);
    if (bytes > MAX_EVENT_BYTES) {
      return MeterError.fromIssues("invalid_event", [
        {
          field: "metadata",
          given: `an event of ${bytes} bytes`,
          expected: `an event of at most ${MAX_EVENT_BYTES} bytes`,
        },
      ]);
    }
    const mark = fingerprint(checked, input.event_time !== undefined);
    return new EventRecord({ event_id, tenant_id, ...checked }, bytes, mark);
  };
};

const isFields = (total_usage: unknown, start_time: unknown, end_time: unknown): boolean =>
  total_usage === undefined &&
  (start_time === undefined
    ? isTime(end_time)
    : isTime(start_time) && (end_time === undefined || (isTime(end_time) && end_time >= start_time)));

const hasFieldsOfType = (
  meter: Meter,
  total_usage: unknown,
  start_time: unknown,
  end_time: unknown,
): boolean =>
  meter.type === "volume"
    ? isUsage(total_usage) && start_time === undefined && end_time === undefined
    : isFields(total_usage, start_time, end_time);

const hasForeignField = (input: Record<string, unknown>): boolean => {
  for (const field in input) if (!FIELDS.has(field)) return true;
  return false;
};

const metadataSize = (metadata: Metadata | undefined): number => {
  let bytes = 0;
  if (metadata !== undefined) {
    for (const key of Object.keys(metadata)) bytes += utf8Size(key) + utf8Size(metadata[key] ?? "") + 6;
  }
  return bytes;
};

/** Takes out of an event's metadata what must not be stored or sent. */
export type Redact = (metadata: Metadata, meter_id: string) => Metadata;

const redacted = (
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
type CheckedMetadata = Metadata | undefined | readonly EventIssue[];

const isChecked = (metadata: Metadata | readonly EventIssue[]): metadata is Metadata =>
  !Array.isArray(metadata);

const checkMetadata = (meter: Meter | undefined, given: unknown): CheckedMetadata => {
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

const isTexts = (value: unknown): value is Record<string, string> => textIssues(value).length === 0;

const freeze = (given: unknown): CheckedMetadata =>
  isTexts(given) ? Object.freeze({ ...given }) : textIssues(given);

const pathOf = (path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string =>
  ["metadata", ...(path ?? []).map((part) => String(typeof part === "object" ? part.key : part))].join(".");

const runSchema = (schema: MetadataSchema, given: unknown): CheckedMetadata => {
  const result = schema["~standard"].validate(given);
  if (result instanceof Promise) {
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
const findIssues = (
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
    else if (value === null && field === "session_id") issues.push(tokenIssue(field, value));
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
