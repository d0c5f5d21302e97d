import {
  type Catalog,
  type EventIssue,
  isTime,
  isToken,
  isUsage,
  MAX_EVENT_BYTES,
  type Metadata,
  MeterError,
  type PageEvent,
} from "@meter-lib/core";
import { utf8Bytes } from "@meter-lib/transport-beacon";
import { pageEventId } from "./page-event-id.ts";
import { pageIssue } from "./page-issue.ts";

/** What the page makes of an input: an event, frozen for the wire, unless there is an error. */
export interface CheckedEvent {
  readonly event: PageEvent;
  /** In UTF-8. */
  readonly bytes: number;
  readonly error: MeterError | undefined;
}

/** Whom the page is of: an event may say the same, and nothing else. */
export interface PageContext {
  readonly tenant_id: string;
  readonly device_id: string;
}

const TIME = "milliseconds since the epoch";
const TOKEN = "visible ASCII, 1 to 255 characters";

/** Checks what a caller gave, whatever it is: the rules of core, in the few words that a page has room for. */
export const checkPageEvent = (input: unknown, catalog: Catalog, context: PageContext): CheckedEvent => {
  const issues: EventIssue[] = [];
  const fail = (field: string, value: unknown, expected: string): undefined => {
    issues.push(pageIssue(field, value, expected));
  };
  const take = <T>(
    field: string,
    isRight: (value: unknown) => value is T,
    expected: string,
  ): T | undefined => {
    const value = given[field] ?? undefined;
    delete given[field];
    return value === undefined || isRight(value) ? value : fail(field, value, expected);
  };

  const given: Record<string, unknown> = { ...(typeof input === "object" ? input : undefined) };
  const { meter_id, metadata } = given;
  const meter =
    typeof meter_id === "string" && Object.hasOwn(catalog, meter_id) ? catalog[meter_id] : undefined;
  const now = Date.now();
  const isVolume = meter?.type === "volume";
  const event = {
    event_id: take("event_id", isToken, TOKEN) ?? pageEventId(now),
    meter_id: String(meter_id),
    event_time: take("event_time", isTime, TIME) ?? now,
    total_usage: isVolume ? take("total_usage", isUsage, "an integer ≥ 0") : undefined,
    start_time: isVolume ? undefined : take("start_time", isTime, TIME),
    end_time: isVolume ? undefined : take("end_time", isTime, TIME),
    metadata: takeMetadata(metadata, meter?.metadata, fail),
    session_id: take("session_id", isToken, TOKEN),
  };
  const { total_usage, start_time, end_time } = event;
  const bytes = utf8Bytes(JSON.stringify(event));
  if (meter === undefined) fail("meter_id", meter_id, "a meter of the catalog");
  else if (isVolume && total_usage === undefined) fail("total_usage", given.total_usage, "an integer ≥ 0");
  else if (!isVolume && (end_time ?? start_time ?? -1) < (start_time ?? 0))
    fail("end_time", end_time, "start_time, or a time at or after it");
  if (bytes > MAX_EVENT_BYTES) fail("metadata", bytes, `at most ${MAX_EVENT_BYTES} bytes`);
  const known = { ...context, meter_id, metadata };
  for (const field in given) {
    const value = given[field];
    if (value !== undefined && value !== Reflect.get(known, field)) fail(field, value, "nothing");
  }
  return {
    event,
    bytes,
    error: issues.length > 0 ? MeterError.fromIssues("invalid_event", issues) : undefined,
  };
};

/** A copy of metadata that is text throughout, as the meter's schema leaves it. */
const takeMetadata = (
  given: unknown,
  schema: NonNullable<Catalog[string]["metadata"]> | undefined,
  fail: (field: string, value: unknown, expected: string) => undefined,
): Metadata | undefined => {
  let metadata = given;
  if (schema !== undefined) {
    const result = schema["~standard"].validate(given ?? {});
    if (!("value" in result)) return fail("metadata", given, "what the meter's schema takes");
    metadata = result.value;
  }
  if (metadata === undefined) return undefined;
  if (typeof metadata !== "object" || metadata === null) return fail("metadata", given, "an object of texts");
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === "string") texts[key] = value;
    else if (value !== undefined) fail(`metadata.${key}`, value, "text");
  }
  return texts;
};
