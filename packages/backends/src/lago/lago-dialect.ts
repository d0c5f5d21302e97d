import { describeIssue, type OutgoingEvent } from "@meter-lib/core/transport";
import type { Dialect, Part } from "@meter-lib/transport-fetch/dialect";
import { judgeLagoAnswer } from "./judge-lago-answer.ts";
import { type LagoNames, lagoEvent, lagoIssue } from "./lago-event.ts";

const HEADERS = { accept: "application/json", "content-type": "application/json" };

/** Lago's `POST /api/v1/events/batch`. */
export const lagoDialect = (names: LagoNames): Dialect => ({
  name: "lago",
  path: "/api/v1/events/batch",
  limits: {
    // LAGO_EVENTS_BATCH_MAX_LENGTH, unless the server was told otherwise.
    maxBatchEvents: 100,
    maxBatchBytes: 512 * 1024,
    maxInFlight: 4,
  },
  // It repeats every event.
  maxAnswerBytes: 1024 * 1024,
  check: { event: (event) => lagoIssue(event, names) },
  encode: (events) => encode(events, names),
  judge: judgeLagoAnswer,
});

const encode = function* (events: readonly OutgoingEvent[], names: LagoNames): Iterable<Part> {
  let run: OutgoingEvent[] = [];
  const request = (): Part => ({
    events: run.length,
    headers: HEADERS,
    body: JSON.stringify({ events: run.map((event) => lagoEvent(event, names)) }),
  });
  for (const event of events) {
    const issue = lagoIssue(event, names);
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
