import { type Answered, describeIssue, type OutgoingEvent, type SendAnswer } from "@meter-lib/core/transport";
import {
  answerJson,
  type Dialect,
  type HttpAnswer,
  judgeStatus,
  type Part,
} from "@meter-lib/transport-fetch/dialect";
import { scopedId } from "../scoped-id.ts";
import { type AutumnNames, autumnIssue, autumnTrack } from "./autumn-track.ts";

const HEADERS = { accept: "application/json", "content-type": "application/json" };

/** Autumn's `POST /v1/balances.track`, with an idempotency key. Its `batch_track` has none, so events are sent one by one. */
export const autumnDialect = (names: AutumnNames): Dialect => ({
  name: "autumn",
  path: "/v1/balances.track",
  limits: {
    maxBatchEvents: 1,
    maxBatchBytes: 512 * 1024,
    maxInFlight: 16,
  },
  maxAnswerBytes: 256 * 1024,
  check: { event: (event) => autumnIssue(event, names) },
  *encode(events) {
    for (const event of events) yield encode(event, names);
  },
  judge: (answer, _events, now) => judgeAutumnAnswer(answer, now),
});

const encode = (event: OutgoingEvent, names: AutumnNames): Part => {
  const issue = autumnIssue(event, names);
  if (issue !== undefined) return { rejected: { state: "rejected", reason: describeIssue(issue) } };
  return {
    events: 1,
    headers: { ...HEADERS, "idempotency-key": scopedId(event) },
    body: autumnTrack(event, names),
  };
};

/**
 * 200 means counted, 202 accepted for later. 409 with the key's own code means that an earlier request with the key succeeded, or is in
 * flight.
 */
const judgeAutumnAnswer = (answer: HttpAnswer, now: number): SendAnswer => {
  const json = answerJson(answer);
  if (isObject(json)) {
    if ((answer.status === 200 || answer.status === 202) && typeof json.customer_id === "string")
      return { every: { state: "acknowledged", response: json } };
    const { code, message } = json;
    if (typeof code === "string") {
      const reason = `Autumn (HTTP ${answer.status}): ${code}: ${String(message).slice(0, 300)}`;
      const details: Answered = { reason, status: answer.status, body: json };
      if (answer.status === 409 && code === "duplicate_idempotency_key")
        return { every: { state: "acknowledged", duplicate: true, response: json } };
      // A missing customer or feature is the event's fault, not a wrong address.
      if (answer.status === 404 && code.endsWith("_not_found"))
        return { every: { state: "rejected", ...details } };
    }
  }
  const verdict = judgeStatus(answer, now);
  return "kind" in verdict ? { fault: verdict } : { every: verdict };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
