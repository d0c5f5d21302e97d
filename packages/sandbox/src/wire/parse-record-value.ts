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
import type { ReceivedCorrection, ReceivedEvent } from "./received-event.ts";

const FIELDS = new Set([
  "meter_id",
  "customer_id",
  "total_usage",
  "event_time",
  "metadata",
  "ai_event",
  "start_time",
  "end_time",
]);
const DIGITS = /^\d{1,16}$/;

const tokenIssue = (field: string, value: unknown): EventIssue | undefined =>
  value === undefined || isToken(value) ? undefined : fieldIssue(field, value, TOKEN_EXPECTED);

const nameIssue = (field: string, value: unknown): EventIssue | undefined =>
  value === undefined || isName(value) ? undefined : fieldIssue(field, value, NAME_EXPECTED);

const numberIssue = (field: string, value: unknown): EventIssue | undefined =>
  value === undefined ||
  (typeof value === "string" &&
    DIGITS.test(value) &&
    Number.isSafeInteger(Number(value)) &&
    Number(value) > 0)
    ? undefined
    : fieldIssue(field, value, "an integer from 1, as text");

/** A correction names the event that it corrects, and is itself an event with an id and a tenant. */
const correctionIssue = (metadata: Record<string, unknown>): EventIssue | undefined => {
  const { "meter.corrects": corrects, "meter.revision": revision } = metadata;
  if (corrects === undefined && revision === undefined && metadata["meter.cancelled"] === undefined)
    return undefined;
  const missing = ["meter.corrects", "meter.revision", "meter.event_id", "meter.tenant_id"].find(
    (key) => metadata[key] === undefined,
  );
  if (missing !== undefined)
    return fieldIssue(`metadata.${missing}`, undefined, "a value: the event is a correction");
  return tokenIssue("metadata.meter.corrects", corrects) ?? numberIssue("metadata.meter.revision", revision);
};

const correctionOf = (metadata: Record<string, unknown> | undefined): ReceivedCorrection | undefined => {
  const event_id = metadata?.["meter.corrects"];
  return typeof event_id === "string"
    ? {
        event_id,
        revision: Number(metadata?.["meter.revision"]),
        cancels: metadata?.["meter.cancelled"] === "true",
      }
    : undefined;
};

const metadataIssue = (metadata: Record<string, unknown>): EventIssue | undefined => {
  for (const key in metadata) {
    const value = metadata[key];
    if (typeof value !== "string") return fieldIssue(`metadata.${key}`, value, "text");
  }
  return (
    tokenIssue("metadata.meter.event_id", metadata["meter.event_id"]) ??
    nameIssue("metadata.meter.tenant_id", metadata["meter.tenant_id"]) ??
    nameIssue("metadata.meter.device_id", metadata["meter.device_id"]) ??
    tokenIssue("metadata.meter.session_id", metadata["meter.session_id"]) ??
    tokenIssue("metadata.meter.producer", metadata["meter.producer"]) ??
    numberIssue("metadata.meter.seq", metadata["meter.seq"]) ??
    correctionIssue(metadata)
  );
};

const foreignField = (value: Record<string, unknown>): EventIssue | undefined => {
  for (const field in value) {
    if (!FIELDS.has(field)) return fieldIssue(field, value[field], `one of ${[...FIELDS].join(", ")}`);
  }
  return undefined;
};

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/**
 * Reads the value of one `kafka-rest` record, with our extension fields in its metadata. Written by hand, one object and
 * no closures per event: this is the hot path.
 */
export const parseRecordValue = (value: unknown): ReceivedEvent | EventIssue => {
  if (!isObject(value)) return fieldIssue("", value, "an object with meter_id, customer_id and total_usage");
  const { meter_id, customer_id, total_usage, event_time, metadata, ai_event, start_time, end_time } = value;
  if (!isName(meter_id)) return fieldIssue("meter_id", meter_id, NAME_EXPECTED);
  if (!isName(customer_id)) return fieldIssue("customer_id", customer_id, NAME_EXPECTED);
  if (metadata !== undefined && !isObject(metadata))
    return fieldIssue("metadata", metadata, "an object of texts");
  if (ai_event !== undefined && typeof ai_event !== "boolean")
    return fieldIssue("ai_event", ai_event, "true or false");
  const issue =
    foreignField(value) ??
    amountIssue(total_usage, start_time, end_time) ??
    timeIssue("event_time", event_time) ??
    (metadata === undefined ? undefined : metadataIssue(metadata));
  if (issue !== undefined) return issue;
  return {
    tenant_id: textOf(metadata?.["meter.tenant_id"]),
    device_id: textOf(metadata?.["meter.device_id"]),
    customer_id,
    meter_id,
    event_id: textOf(metadata?.["meter.event_id"]),
    event_time: numberOf(event_time),
    total_usage: numberOf(total_usage),
    start_time: numberOf(start_time),
    end_time: numberOf(end_time),
    session_id: textOf(metadata?.["meter.session_id"]),
    producer: textOf(metadata?.["meter.producer"]),
    seq: metadata?.["meter.seq"] === undefined ? undefined : Number(metadata["meter.seq"]),
    correction: correctionOf(metadata),
    metadata,
  };
};
