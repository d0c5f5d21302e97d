import { describeIssue, describeValue } from "@meter-lib/core/transport";
import type { PageEvent, PageEventResult } from "@meter-lib/core/wire";
import { isToken, MAX_PAGE_ID_LENGTH, PAGE_EVENT_FIELDS } from "@meter-lib/core/wire";
import { Refusal } from "./refusal.ts";

// Reads `PageBatch` and writes `PageBatchAnswer`, the types of the wire between page and relay, which core defines for both.

/** A batch with a valid envelope. Its events are checked one by one. */
export interface ReceivedBatch {
  readonly sent_at: number;
  readonly token: string | undefined;
  readonly tenant_id: string | undefined;
  readonly subject: string | undefined;
  readonly events: readonly unknown[];
}

/** A well-formed event, or why it is not. */
export type ReceivedEvent =
  | { readonly ok: true; readonly event: PageEvent }
  | { readonly ok: false; readonly event_id: string; readonly reason: string };

const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const ID = `visible ASCII, 1 to ${MAX_PAGE_ID_LENGTH} characters`;
const MAX_SHOWN_FIELD = 60;

/** Parses a body. Unknown fields of a batch are ignored, in particular the device. */
export const parseBatch = (text: string, maxEvents: number): ReceivedBatch | Refusal => {
  const body = parseJson(text);
  if (body instanceof Refusal) return body;
  if (!isObject(body.value)) return invalidBatch("body", body.value, "an object with sent_at and events");
  const { sent_at, token, tenant_id, subject, events } = body.value;
  if (!isMs(sent_at)) return invalidBatch("sent_at", sent_at, "milliseconds since the epoch, an integer ≥ 0");
  if (!isOptionalText(token)) return invalidBatch("token", "a value", "text");
  if (!isOptionalText(tenant_id)) return invalidBatch("tenant_id", tenant_id, "text");
  if (!isOptionalText(subject)) return invalidBatch("subject", subject, "text");
  if (!Array.isArray(events)) return invalidBatch("events", events, "an array");
  if (events.length === 0) return invalidBatch("events", "an empty array", "at least one event");
  if (events.length > maxEvents) {
    const message = `events: expected at most ${maxEvents} in one request, got ${events.length}`;
    return new Refusal(413, "too_many_events", message);
  }
  return { sent_at, token, tenant_id, subject, events };
};

/** Checks the form of an event. The client checks it against its meter, and the policy checks what a page may send. */
export const parseEvent = (value: unknown): ReceivedEvent => {
  if (!isObject(value)) return refused("", "event", value, "an object");
  const { event_id, meter_id, event_time, total_usage, start_time, end_time, metadata, session_id } = value;
  const id = isToken(event_id) ? event_id : "";
  const refuse = (field: string, given: unknown, expected: string) => refused(id, field, given, expected);
  if (!isId(event_id)) return refuse("event_id", event_id, ID);
  if (typeof meter_id !== "string") return refuse("meter_id", meter_id, "the id of a meter");
  if (!isMs(event_time)) return refuse("event_time", event_time, "milliseconds since the epoch");
  if (total_usage !== undefined && !isMs(total_usage))
    return refuse("total_usage", total_usage, "an integer ≥ 0");
  if (start_time !== undefined && !isMs(start_time))
    return refuse("start_time", start_time, "milliseconds since the epoch");
  if (end_time !== undefined && !isMs(end_time))
    return refuse("end_time", end_time, "milliseconds since the epoch");
  if (session_id !== undefined && !isId(session_id)) return refuse("session_id", session_id, ID);
  if (metadata !== undefined && !isTexts(metadata)) return refuse("metadata", metadata, "an object of texts");
  for (const field of Object.keys(value)) {
    if (PAGE_EVENT_FIELDS.has(field)) continue;
    // Nothing is dropped silently. Tenant and device, above all, are not the page's to say.
    return refuse(field.slice(0, MAX_SHOWN_FIELD), "a value", "no such field");
  }
  return {
    ok: true,
    event: { event_id, meter_id, event_time, total_usage, start_time, end_time, metadata, session_id },
  };
};

/** Returns the body of a response. */
export const answerBody = (results: readonly PageEventResult[], refusal?: Refusal): string =>
  JSON.stringify({
    ...(refusal === undefined ? {} : { error: { code: refusal.code, message: refusal.message } }),
    ...(results.length === 0 ? {} : { results }),
  });

const parseJson = (text: string): { readonly value: unknown } | Refusal => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Also where an engine runs out of stack on a deeply nested text.
    return new Refusal(400, "invalid_json", "body: expected JSON");
  }
};

const invalidBatch = (field: string, given: unknown, expected: string): Refusal =>
  new Refusal(
    400,
    "invalid_batch",
    describeIssue({
      field,
      given: given === undefined ? "nothing" : typeof given === "string" ? given : describeValue(given),
      expected,
    }),
  );

const refused = (event_id: string, field: string, given: unknown, expected: string): ReceivedEvent => ({
  ok: false,
  event_id,
  reason: describeIssue({
    field,
    given: given === undefined ? "nothing" : given === "a value" ? given : describeValue(given),
    expected,
  }),
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isMs = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isOptionalText = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === "string";

const isId = (value: unknown): value is string =>
  typeof value === "string" && value.length <= MAX_PAGE_ID_LENGTH && VISIBLE_ASCII.test(value);

// A key that would become the prototype of whatever somebody copies it into.
const isTexts = (value: unknown): value is Record<string, string> =>
  isObject(value) &&
  !Object.hasOwn(value, "__proto__") &&
  Object.values(value).every((entry) => typeof entry === "string");
