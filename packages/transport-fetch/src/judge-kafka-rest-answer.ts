import type { DestinationFault, Outcome, SendAnswer } from "@meter-lib/core/transport";
import { answerJson } from "./answer-body.ts";
import type { HttpAnswer } from "./exchange.ts";
import { judgeStatus } from "./judge-status.ts";

/**
 * Judges the answer to a batch of records as Confluent's REST Proxy, Karapace and Strimzi's Bridge give it. A 200 (at
 * Karapace also a 422) holds one result for each record, by position, and any of them may be an error; with more or
 * fewer results than records nobody knows which is whose.
 */
export const judgeKafkaRestAnswer = (answer: HttpAnswer, records: number, now: number): SendAnswer => {
  if (answer.status === 200 && answer.cut === undefined && records > 1 && isAllStored(answer.text, records))
    return { every: { state: "acknowledged" } };
  const json = answerJson(answer);
  const results = answer.status === 200 || answer.status === 422 ? offsetsOf(json) : undefined;
  if (results === undefined) {
    // Karapace answers 422 also after it stored some of the records: without its results nobody knows which.
    if (answer.status === 422 && (answer.cut !== undefined || answer.text.includes('"offsets"'))) {
      const reason = "HTTP 422 with results that cannot be read";
      const timeout = answer.cut === "timeout" || undefined;
      return { every: { state: "unsure", reason, status: 422, timeout } };
    }
    // The server's own 408 tells that Kafka did not answer in time; without its code it is HTTP's, and tells that the request did not arrive.
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

/** Errors that were found before anything was written and concern the topic, so every record of it alike. */
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

/** Whether a text is plainly the common answer: to read it as JSON costs a third of what the request cost to write. */
const isAllStored = (text: string, records: number): boolean =>
  ALL_STORED.test(text) && text.split("},{").length === records;

/** Karapace answers -1 where no offset is known. */
const isStored = ({ error_code, error, message, offset }: Result): boolean =>
  (error_code === undefined || error_code === null) &&
  !error &&
  !message &&
  typeof offset === "number" &&
  Number.isInteger(offset) &&
  offset >= 0;

/** @param ofOne - the whole answer, where it is about this record alone */
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
  // Also for "timed out" and "not present in metadata": such records were found stored afterwards.
  return { state: "unsure", reason, status, body: result };
};

const describeError = (code: unknown, text: string): string =>
  `Kafka error ${typeof code === "number" ? code : "without a code"}${text === "" ? "" : `: ${text}`}`;
