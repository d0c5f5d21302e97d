import { protocolErrors, protocolErrorsCodesById } from "@platformatic/kafka";

/**
 * The meaning of a partition's error code for the records sent to it:
 * - `written`: they are in the log
 * - `refused`: nothing was written, and these records never will be
 * - `blocked`: nothing was written, and nothing will be until someone acts
 * - `retry`: nothing was written
 * - `unsure`: they may be in the log
 */
export type CodeMeaning = "written" | "refused" | "blocked" | "retry" | "unsure";

// https://kafka.apache.org/protocol#protocol_error_codes
const MEANINGS: Readonly<Record<string, CodeMeaning>> = {
  NONE: "written",
  // The broker already has this request, and has forgotten only its offset.
  DUPLICATE_SEQUENCE_NUMBER: "written",

  MESSAGE_TOO_LARGE: "refused",
  RECORD_LIST_TOO_LARGE: "refused",
  INVALID_RECORD: "refused",

  INVALID_TOPIC_EXCEPTION: "blocked",
  TOPIC_AUTHORIZATION_FAILED: "blocked",
  CLUSTER_AUTHORIZATION_FAILED: "blocked",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "blocked",
  INVALID_REQUIRED_ACKS: "blocked",
  INVALID_TIMESTAMP: "blocked",
  POLICY_VIOLATION: "blocked",
  UNSUPPORTED_COMPRESSION_TYPE: "blocked",
  UNSUPPORTED_FOR_MESSAGE_FORMAT: "blocked",
  UNSUPPORTED_VERSION: "blocked",

  CORRUPT_MESSAGE: "retry",
  LEADER_NOT_AVAILABLE: "retry",
  NOT_ENOUGH_REPLICAS: "retry",
  OUT_OF_ORDER_SEQUENCE_NUMBER: "retry",
  UNKNOWN_PRODUCER_ID: "retry",
  INVALID_PRODUCER_EPOCH: "retry",
  PRODUCER_FENCED: "retry",
  INVALID_PRODUCER_ID_MAPPING: "retry",
  THROTTLING_QUOTA_EXCEEDED: "retry",
};

/**
 * Interprets an error code. Codes that are not listed are unsure, including NOT_LEADER_OR_FOLLOWER: with acks=all it can also come after
 * the write, if the leader changes while waiting for replicas.
 */
export const judgeCode = (code: number): CodeMeaning => MEANINGS[codeName(code)] ?? "unsure";

export const codeName = (code: number): string => {
  const names: Readonly<Record<string, string>> = protocolErrorsCodesById;
  return names[code] ?? `error ${code}`;
};

/** Returns Kafka's name and message of an error code. */
export const describeCode = (code: number): string => {
  const errors: Readonly<Record<string, { readonly message: string }>> = protocolErrors;
  const name = codeName(code);
  return `${name}: ${errors[name]?.message ?? "a code that this client does not know"}`;
};

const LOST_PRODUCER = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_ID_MAPPING",
]);

/** Whether the broker accepts nothing more from this producer, so that a new one is needed. */
export const endsSession = (code: number): boolean => LOST_PRODUCER.has(codeName(code));

const CREDENTIALS = new Set([
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM",
  "ILLEGAL_SASL_STATE",
]);

/** Whether other credentials might fix it. */
export const isCredentialsCode = (name: string): boolean => CREDENTIALS.has(name);
