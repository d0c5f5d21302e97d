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
  readonly device_id?: string | undefined;
}

const TIME = "milliseconds since the epoch";
const TOKEN = "1 to 255 visible ASCII characters";
const COUNT = "an integer ≥ 0";

/**
 * Checks what a caller gave, whatever it is: the rules of core, in the few words that a page has room for. What a meter's schema
 * makes of metadata is the relay's to say.
 */
export const checkPageEvent = (
  input: unknown,
  catalog: Catalog,
  { tenant_id, device_id = "web" }: PageContext,
): CheckedEvent => {
  const given: Record<string, unknown> = { ...Object(input) };
  const take = <T>(field: string, isRight: (value: unknown) => value is T): T | undefined => {
    const value = given[field];
    return isRight(value) ? value : undefined;
  };
  const issues: EventIssue[] = [];
  const fail = (field: string, expected: string) => issues.push(pageIssue(field, given[field], expected));

  const now = Date.now();
  const meter_id = String(given.meter_id);
  const type = Object.hasOwn(catalog, meter_id) ? catalog[meter_id]?.type : undefined;
  const isVolume = type === "volume";
  const metadata = take("metadata", isMetadata);
  const event = {
    event_id: take("event_id", isToken) ?? pageEventId(now),
    meter_id,
    event_time: take("event_time", isTime) ?? now,
    total_usage: isVolume ? take("total_usage", isUsage) : undefined,
    start_time: isVolume ? undefined : take("start_time", isTime),
    end_time: isVolume ? undefined : take("end_time", isTime),
    metadata: metadata && { ...metadata },
    session_id: take("session_id", isToken),
  };
  const { total_usage, start_time, end_time } = event;
  const bytes = utf8Bytes(JSON.stringify(event));
  const expected: Record<string, string> = {
    event_id: TOKEN,
    session_id: TOKEN,
    event_time: TIME,
    metadata: "texts",
    ...(isVolume ? { total_usage: COUNT } : { start_time: TIME, end_time: TIME }),
  };
  const taken = { ...event, tenant_id, device_id, metadata };
  if (type === undefined) fail("meter_id", "a meter of the catalog");
  else {
    for (const field in given) {
      if ((given[field] ?? undefined) !== undefined && given[field] !== Reflect.get(taken, field))
        fail(field, expected[field] ?? "nothing");
    }
    if (isVolume ? total_usage === undefined : start_time === undefined && end_time === undefined)
      fail(isVolume ? "total_usage" : "start_time", isVolume ? COUNT : TIME);
    else if ((end_time ?? start_time ?? 0) < (start_time ?? 0)) fail("end_time", "a time ≥ start_time");
  }
  if (bytes > MAX_EVENT_BYTES) fail("metadata", `at most ${MAX_EVENT_BYTES} bytes`);
  return {
    event,
    bytes,
    error: issues.length > 0 ? MeterError.fromIssues("invalid_event", issues) : undefined,
  };
};

const isMetadata = (value: unknown): value is Metadata =>
  typeof value === "object" &&
  value !== null &&
  Object.values(value).every((text) => text === undefined || typeof text === "string");
