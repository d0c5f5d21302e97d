import type { Dialect } from "@meter-lib/transport-fetch/dialect";
import { encodeList } from "../encode-list.ts";
import { judgeLagoAnswer } from "./judge-lago-answer.ts";
import { type LagoNames, lagoEvent, lagoIssue } from "./lago-event.ts";

const HEADERS = { accept: "application/json", "content-type": "application/json" };

/** Lago's `POST /api/v1/events/batch`. */
export const lagoDialect = (names: LagoNames): Dialect => ({
  name: "lago",
  path: "/api/v1/events/batch",
  limits: {
    // The default of LAGO_EVENTS_BATCH_MAX_LENGTH.
    maxBatchEvents: 100,
    maxBatchBytes: 512 * 1024,
    maxInFlight: 4,
  },
  // The response repeats every event.
  maxAnswerBytes: 1024 * 1024,
  check: { event: (event) => lagoIssue(event, names) },
  encode: (events) =>
    encodeList(events, {
      issueOf: (event) => lagoIssue(event, names),
      headers: HEADERS,
      bodyOf: (run) => JSON.stringify({ events: run.map((event) => lagoEvent(event, names)) }),
    }),
  judge: judgeLagoAnswer,
});
