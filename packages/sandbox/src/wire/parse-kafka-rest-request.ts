import type { IncomingHttpHeaders } from "node:http";
import { isIssue, isObject } from "./field-issue.ts";
import { parseJson } from "./parse-json.ts";
import { parseRecordValue } from "./parse-record-value.ts";
import type { ReceivedEvent } from "./received-event.ts";
import { type Refusal, refuse, refuseField } from "./refusal.ts";

const MEDIA_TYPE = "application/vnd.kafka.json.v2+json";
const ANSWER_TYPES = new Set(["*/*", "application/*", "application/vnd.kafka.v2+json"]);
const REQUEST_FIELDS = new Set(["records", "key_schema", "key_schema_id", "value_schema", "value_schema_id"]);
const RECORD_FIELDS = new Set(["key", "value", "partition"]);

const mediaTypeOf = (text: string | undefined): string | undefined => text?.split(";", 1)[0]?.trim();

const accepts = (header: string | undefined): boolean =>
  header === undefined || header.split(",").some((part) => ANSWER_TYPES.has(mediaTypeOf(part) ?? ""));

const foreignField = (object: Record<string, unknown>, known: ReadonlySet<string>): string | undefined => {
  for (const field in object) if (!known.has(field)) return field;
  return undefined;
};

/** Requests that Confluent's REST proxy refuses before it reads the body, in its order and words. */
export const checkKafkaRestHeaders = (headers: IncomingHttpHeaders): Refusal | undefined => {
  // Compared case-sensitively, as in the recorded proxy.
  if (mediaTypeOf(headers["content-type"]) !== MEDIA_TYPE)
    return refuse(415, "HTTP 415 Unsupported Media Type");
  if (!accepts(headers.accept)) return refuse(406, "HTTP 406 Not Acceptable");
  return undefined;
};

/**
 * Reads one produce request of the Confluent REST proxy's v2 API
 * (https://docs.confluent.io/platform/current/kafka-rest/api.html). One bad record refuses them all, as there.
 */
export const parseKafkaRestRequest = (text: string): readonly ReceivedEvent[] | Refusal => {
  const parsed = text === "" ? { value: null } : parseJson(text);
  if (!("value" in parsed)) return parsed;
  const body = parsed.value;
  if (body === null) return refuse(422, "produceJson.request must not be null (was null)");
  if (!isObject(body)) return refuse(400, "Cannot read a produce request: expected an object with records");
  const foreign = foreignField(body, REQUEST_FIELDS);
  if (foreign !== undefined) return refuse(422, `Unrecognized field: ${foreign}`);
  const { records } = body;
  if (records === undefined || records === null) {
    return refuse(422, "produceJson.request.records must not be empty (was [])");
  }
  if (!Array.isArray(records)) return refuse(400, "Cannot read records: expected an array");
  if (records.length === 0) return refuse(422, "produceJson.request.records must not be empty (was [])");

  const events: ReceivedEvent[] = [];
  for (let i = 0; i < records.length; i++) {
    const record: unknown = records[i];
    if (!isObject(record)) return refuse(400, `Cannot read records[${i}]: expected an object with value`);
    const unknown = foreignField(record, RECORD_FIELDS);
    if (unknown !== undefined) return refuse(422, `Unrecognized field: ${unknown}`);
    const event = parseRecordValue(record.value);
    if (isIssue(event)) return refuseField({ ...event, field: fieldPath(i, event.field) });
    events.push(event);
  }
  return events;
};

/** Path of a record's field in the request: `records[3].value.total_usage`. */
export const fieldPath = (index: number, field: string): string =>
  field === "" ? `records[${index}].value` : `records[${index}].value.${field}`;
