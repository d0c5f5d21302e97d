import { describeIssue, type OutgoingEvent, type SendAnswer } from "@meter-lib/core";
import { type Dialect, type HttpAnswer, judgeStatus, type Part } from "@meter-lib/transport-fetch/dialect";
import { type OpenMeterNames, openMeterEvent, openMeterIssue } from "./openmeter-event.ts";

const HEADERS = {
  accept: "application/problem+json",
  // Exactly so: the server refuses it with a charset.
  "content-type": "application/cloudevents-batch+json",
};

/** OpenMeter's ingest API: batches of CloudEvents to `POST /api/v1/events`. */
export const openMeterDialect = (names: OpenMeterNames): Dialect => ({
  name: "openmeter",
  path: "/api/v1/events",
  maxBatchEvents: 500,
  maxBatchBytes: 512 * 1024,
  maxInFlight: 4,
  maxAnswerBytes: 64 * 1024,
  headers: false,
  check: (event) => openMeterIssue(event, names),
  encode: (events) => encode(events, names),
  judge,
});

const encode = function* (events: readonly OutgoingEvent[], names: OpenMeterNames): Iterable<Part> {
  let run: OutgoingEvent[] = [];
  const request = (): Part => ({
    events: run.length,
    headers: HEADERS,
    body: JSON.stringify(run.map((event) => openMeterEvent(event, names))),
  });
  for (const event of events) {
    const issue = openMeterIssue(event, names);
    if (issue === undefined) {
      run.push(event);
      continue;
    }
    if (run.length > 0) yield request();
    run = [];
    yield { rejected: { state: "rejected", reason: describeIssue(issue) } };
  }
  if (run.length > 0) yield request();
};

/** 204 says that all of them were taken, those that it had already among them; which ones is not told. */
const judge = (answer: HttpAnswer, events: number, now: number): SendAnswer => {
  if (answer.status === 204)
    return { outcomes: Array.from({ length: events }, () => ({ state: "acknowledged" as const })) };
  const verdict = judgeStatus(answer, now);
  return "kind" in verdict ? { fault: verdict } : { outcomes: Array.from({ length: events }, () => verdict) };
};
