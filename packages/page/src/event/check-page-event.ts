import { type Catalog, type EventIssue, type Metadata, MeterError } from "@meter-lib/core";
import {
  isPlainObject,
  isTime,
  isToken,
  isUsage,
  MAX_EVENT_BYTES,
  MAX_PAGE_ID_LENGTH,
  type PageEvent,
} from "@meter-lib/core/wire";
import { pageEventId } from "./page-event-id.ts";
import { pageIssue } from "./page-issue.ts";
import { type WireEvent, wireEvent } from "./wire-event.ts";

/** The result of checking an input: an event, frozen for the wire, unless there is an error. */
export interface CheckedEvent extends WireEvent {
  readonly error: MeterError | undefined;
}

/** Tenant and device of the page: an event may name the same, and no others. */
export interface PageContext {
  readonly tenant_id: string;
  readonly device_id?: string | undefined;
}

const TIME = "milliseconds since the epoch";
const ID = `1 to ${MAX_PAGE_ID_LENGTH} visible ASCII characters`;

/** Checks any input by the rules of core, with the short messages that a page has room for. The relay applies a meter's metadata schema. */
export const pageCheck = (catalog: Catalog, context: PageContext): ((input: unknown) => CheckedEvent) => {
  const meters = new Map(Object.entries(catalog));
  return (input) => {
    try {
      return checkPageEvent(input, meters, context);
    } catch (error) {
      // A getter of the caller may throw, or the browser may lack something; what happens to an event is never thrown.
      const issue = {
        field: "event",
        given: `an object that throws "${error}"`,
        expected: "readable fields",
      };
      return {
        event: { event_id: "", meter_id: "", event_time: Date.now() },
        text: "",
        bytes: 0,
        error: MeterError.fromIssues("invalid_event", [issue]),
      };
    }
  };
};

const checkPageEvent = (
  input: unknown,
  meters: ReadonlyMap<string, { readonly type: string }>,
  { tenant_id, device_id = "web" }: PageContext,
): CheckedEvent => {
  const given: Record<string, unknown> = { ...Object(input) };
  const issues: EventIssue[] = [];
  const fail = (field: string, value: unknown, expected: string) =>
    issues.push(pageIssue(field, value, expected));
  /** Takes a field out of the input; fields left at the end are unknown. */
  const take = <T>(
    field: string,
    isRight: (value: unknown) => value is T,
    expected: string,
    isRequired = false,
  ): T | undefined => {
    const value = given[field] ?? undefined;
    given[field] = undefined;
    if (isRight(value)) return value;
    if (isRequired || value !== undefined) fail(field, value, expected);
    return undefined;
  };
  const isMeter = (value: unknown): value is string => typeof value === "string" && meters.has(value);

  const now = Date.now();
  const meter_id = String(given.meter_id);
  const known = take("meter_id", isMeter, "a meter of the catalog", true);
  const type = known && meters.get(known)?.type;
  const isVolume = type === "volume";
  const end_time = isVolume ? undefined : take("end_time", isTime, TIME);
  const start_time = isVolume
    ? undefined
    : take("start_time", isTime, TIME, type !== undefined && end_time === undefined);
  const metadata = take("metadata", isMetadata, "texts");
  const event: PageEvent = {
    event_id: take("event_id", isId, ID) ?? pageEventId(now),
    meter_id,
    event_time: take("event_time", isTime, TIME) ?? now,
    total_usage: isVolume ? take("total_usage", isUsage, "an integer ≥ 0", true) : undefined,
    start_time,
    end_time,
    metadata: metadata && { ...metadata },
    session_id: take("session_id", isId, ID),
  };
  take("tenant_id", is(tenant_id), tenant_id);
  take("device_id", is(device_id), device_id);
  if (known) for (const field in given) take(field, is(undefined), "nothing");
  if (end_time !== undefined && end_time < (start_time ?? 0))
    fail("end_time", end_time, "a time ≥ start_time");
  const wire = wireEvent(event);
  if (wire.bytes > MAX_EVENT_BYTES) fail("metadata", wire.bytes, `at most ${MAX_EVENT_BYTES} bytes`);
  return { ...wire, error: issues[0] && MeterError.fromIssues("invalid_event", issues) };
};

const is =
  <T>(own: T) =>
  (value: unknown): value is T =>
    value === own;

const isId = (value: unknown): value is string => isToken(value) && value.length <= MAX_PAGE_ID_LENGTH;

const isMetadata = (value: unknown): value is Metadata =>
  isPlainObject(value) &&
  Object.values(value).every((text) => text === undefined || typeof text === "string");
