import type { IncomingHttpHeaders } from "node:http";
import type { EventIssue } from "@meter-lib/core";
import {
  amountIssue,
  fieldIssue,
  isName,
  isObject,
  isToken,
  NAME_EXPECTED,
  TOKEN_EXPECTED,
  timeIssue,
} from "./field-issue.ts";
import { parseJson } from "./parse-json.ts";
import type { ReceivedEvent } from "./received-event.ts";
import { type Refusal, refuse, refuseField } from "./refusal.ts";

const FIELDS = new Set(["meter_id", "customer_id", "total_usage", "start_time", "end_time"]);
const MEDIA_TYPE = "application/json";
const DIGITS = /^\d{1,20}$/;

const textOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
};

// Converts digits to a number; other text stays as it is, so that the check names it.
const numberOf = (text: string | undefined): unknown =>
  text !== undefined && DIGITS.test(text) ? Number(text) : text;

const seqIssue = (field: string, seq: unknown): EventIssue | undefined =>
  seq === undefined || (typeof seq === "number" && Number.isSafeInteger(seq) && seq > 0)
    ? undefined
    : fieldIssue(field, seq, "an integer from 1");

const tokenIssue = (field: string, value: string | undefined): EventIssue | undefined =>
  value === undefined || isToken(value) ? undefined : fieldIssue(field, value, TOKEN_EXPECTED);

const foreignField = (body: Record<string, unknown>): EventIssue | undefined => {
  for (const field of Object.keys(body)) {
    if (!FIELDS.has(field)) return fieldIssue(field, body[field], `one of ${[...FIELDS].join(", ")}`);
  }
  return undefined;
};

/** Reads one `POST /api/v1/events`: the guide's body, its two headers, and our extension headers. */
export const parseEventsRequest = (headers: IncomingHttpHeaders, text: string): ReceivedEvent | Refusal => {
  const mediaType = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (mediaType !== MEDIA_TYPE) {
    return refuse(415, `Content-Type: expected ${MEDIA_TYPE}, got ${mediaType ?? "nothing"}`);
  }
  const parsed = parseJson(text);
  if (!("value" in parsed)) return parsed;
  const body = parsed.value;
  if (!isObject(body))
    return refuseField(fieldIssue("body", body, "an object with meter_id, customer_id and total_usage"));

  const { meter_id, customer_id, total_usage, start_time, end_time } = body;
  const tenant_id = textOf(headers, "x-tenant-id");
  const device_id = textOf(headers, "x-device-id");
  const event_id = textOf(headers, "idempotency-key");
  const producer = textOf(headers, "x-producer");
  const session_id = textOf(headers, "x-session-id");
  const event_time = numberOf(textOf(headers, "x-event-time"));
  const seq = numberOf(textOf(headers, "x-seq"));

  if (!isName(tenant_id)) return refuseField(fieldIssue("x-tenant-id", tenant_id, NAME_EXPECTED));
  if (!isName(device_id)) return refuseField(fieldIssue("x-device-id", device_id, NAME_EXPECTED));
  if (!isName(meter_id)) return refuseField(fieldIssue("meter_id", meter_id, NAME_EXPECTED));
  if (!isName(customer_id)) return refuseField(fieldIssue("customer_id", customer_id, NAME_EXPECTED));
  const issue =
    foreignField(body) ??
    amountIssue(total_usage, start_time, end_time) ??
    tokenIssue("idempotency-key", event_id) ??
    tokenIssue("x-producer", producer) ??
    tokenIssue("x-session-id", session_id) ??
    timeIssue("x-event-time", event_time) ??
    seqIssue("x-seq", seq);
  if (issue !== undefined) return refuseField(issue);

  return {
    tenant_id,
    device_id,
    customer_id,
    meter_id,
    event_id,
    event_time: typeof event_time === "number" ? event_time : undefined,
    total_usage: typeof total_usage === "number" ? total_usage : undefined,
    start_time: typeof start_time === "number" ? start_time : undefined,
    end_time: typeof end_time === "number" ? end_time : undefined,
    session_id,
    producer,
    seq: typeof seq === "number" ? seq : undefined,
    metadata: undefined,
  };
};
