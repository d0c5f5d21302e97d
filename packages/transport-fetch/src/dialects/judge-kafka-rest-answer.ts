import type { DestinationFault, Outcome, SendAnswer } from "@meter-lib/core/transport";
import type { HttpAnswer } from "../http/exchange.ts";
import { answerJson } from "./answer-body.ts";
import { judgeStatus } from "./judge-status.ts";

/**
 * Interprets the response of Confluent's REST Proxy, Karapace or Strimzi's Bridge to a batch of records. A 200 (with Karapace also a 422)
 * holds one result per record, by position, and each may be an error. If the counts differ, no result can be assigned to its record.
 */
export const judgeKafkaRestAnswer = (answer: HttpAnswer, records: number, now: number): SendAnswer => {
  if (answer.status === 200 && answer.cut === undefined && records > 1 && isAllStored(answer.text, records))
    return { every: { state: "acknowledged" } };
  const json = answerJson(answer);
  const results = answer.status === 200 || answer.status === 422 ? offsetsOf(json) : undefined;
  if (results === undefined) {
    // Karapace also answers 422 when it has stored some of the records; without results, which ones is unknown.
    if (answer.status === 422 && (answer.cut !== undefined || answer.text.includes('"offsets"'))) {
      const reason = "HTTP 422 with results that cannot be read";
      const timeout = answer.cut === "timeout" || undefined;
      return { every: { state: "unsure", reason, status: 422, timeout } };
    }
    // A 408 with the server's error code means that Kafka timed out; without one it is HTTP's own: the request did not arrive.
    if (answer.status === 408 && isObject(json) && typeof json.error_code === "number") {
      const reason = describeError(json.error_code, errorText(json));
      return {
        outcomes: new Array<Outcome>(records).fill({ state: "unsure", reason, status: 408, body: json }),
      };
    }
    const verdict = judgeStatus(answer, now);
    return "kind" in verdict ? { fault: verdict } : { every: verdict };
  }
  const { status } = answer;
  if (results.length !== records) {
    const reason = `the receiver answered with ${results.length} results for ${records} records`;
    return { every: { state: "unsure", reason, status } };
  }
  const ofOne = records === 1 ? { response: json } : {};
  if (results.every(isStored)) return { every: { state: "acknowledged", ...ofOne } };
  const faults = results.map((result) => topicFault(result, status));
  const [first] = faults;
  if (first !== undefined && faults.every((fault) => fault !== undefined)) return { fault: first };
  return {
    outcomes: results.map((result, i) => {
      const fault = faults[i];
      return fault === undefined
        ? judgeRecord(result, status, ofOne)
        : { state: "retry", reason: fault.reason, status, body: result };
    }),
  };
};

type Result = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Result =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const offsetsOf = (json: unknown): readonly Result[] | undefined =>
  isObject(json) && Array.isArray(json.offsets) && json.offsets.every(isObject) ? json.offsets : undefined;

const errorText = ({ error, message }: Result): string => {
  const text = error ?? message;
  return typeof text === "string" ? text.slice(0, 500) : "";
};

// Confluent's code for a Kafka error that no retry fixes.
const FINAL = 50002;
const TOO_LARGE = /larger than/;
const INVALID_TOPIC = /^Invalid topics?\b/;
const NOT_AUTHORIZED = /^Not authorized to access topics?\b/;
const CREDENTIALS = new Set<unknown>([40101, 40301]);

/** Errors found before anything was written that concern the topic, and so all records. */
const topicFault = (result: Result, status: number): DestinationFault | undefined => {
  const { error_code } = result;
  if (error_code === undefined || error_code === null) return undefined;
  const text = errorText(result);
  const credentials = CREDENTIALS.has(error_code) || NOT_AUTHORIZED.test(text);
  if (!credentials && !INVALID_TOPIC.test(text)) return undefined;
  return {
    kind: "blocked",
    reason: describeError(error_code, text),
    status,
    body: result,
    credentials: credentials || undefined,
  };
};

const ALL_STORED =
  /^\{"offsets":\[(?:\{"partition":\d+,"offset":\d+(?:,"error_code":null,"error":null)?\},?)+\](?:,"key_schema_id":null,"value_schema_id":null)?\}$/;

/** Recognizes the common response without parsing JSON, which would cost a third of writing the request. */
const isAllStored = (text: string, records: number): boolean =>
  ALL_STORED.test(text) && text.split("},{").length === records;

/** Karapace returns -1 for an unknown offset. */
const isStored = ({ error_code, error, message, offset }: Result): boolean =>
  (error_code === undefined || error_code === null) &&
  !error &&
  !message &&
  typeof offset === "number" &&
  Number.isInteger(offset) &&
  offset >= 0;

/** @param ofOne - the whole response, if it concerns this record alone */
const judgeRecord = (result: Result, status: number, ofOne: { readonly response?: unknown }): Outcome => {
  const { error_code } = result;
  const text = errorText(result);
  if ((error_code === undefined || error_code === null) && text === "") {
    if (isStored(result)) return { state: "acknowledged", ...ofOne };
    return { state: "unsure", reason: "the receiver named no offset", status, body: result };
  }
  const reason = describeError(error_code, text);
  if (error_code === FINAL || TOO_LARGE.test(text))
    return { state: "rejected", reason, status, body: result };
  // Includes "timed out" and "not present in metadata": such records have been found stored later.
  return { state: "unsure", reason, status, body: result };
};

const describeError = (code: unknown, text: string): string =>
  `Kafka error ${typeof code === "number" ? code : "without a code"}${text === "" ? "" : `: ${text}`}`;
