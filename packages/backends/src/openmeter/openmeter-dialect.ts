import type { SendAnswer } from "@meter-lib/core/transport";
import { type Dialect, type HttpAnswer, judgeStatus } from "@meter-lib/transport-fetch/dialect";
import { encodeList } from "../encode-list.ts";
import { type OpenMeterNames, openMeterEvent, openMeterIssue } from "./openmeter-event.ts";

const HEADERS = {
  accept: "application/problem+json",
  // Without a charset, which the server refuses.
  "content-type": "application/cloudevents-batch+json",
};

/** OpenMeter's API: v1, v3, or v3 of Kong's Konnect. */
export type OpenMeterApi = "v1" | "v3" | "konnect";

const PATHS: Readonly<Record<OpenMeterApi, string>> = {
  v1: "/api/v1/events",
  v3: "/api/v3/openmeter/events",
  konnect: "/v3/openmeter/events",
};

/** OpenMeter's ingest: batches of CloudEvents. The APIs differ in path and in the status of success. */
export const openMeterDialect = (names: OpenMeterNames, api: OpenMeterApi): Dialect => ({
  name: "openmeter",
  path: PATHS[api],
  limits: {
    maxBatchEvents: 500,
    maxBatchBytes: 512 * 1024,
    maxInFlight: 4,
  },
  maxAnswerBytes: 64 * 1024,
  check: { event: (event) => openMeterIssue(event, names) },
  encode: (events) =>
    encodeList(events, {
      issueOf: (event) => openMeterIssue(event, names),
      headers: HEADERS,
      bodyOf: (run) => JSON.stringify(run.map((event) => openMeterEvent(event, names))),
    }),
  judge: (answer, _events, now) => judge(answer, api === "v1" ? 204 : 202, now),
});

/** Success acknowledges all events; it does not tell which ones were duplicates. */
const judge = (answer: HttpAnswer, success: number, now: number): SendAnswer => {
  // A response with a body comes from another server.
  if (answer.status === success && answer.text === "") return { every: { state: "acknowledged" } };
  const verdict = judgeStatus(answer, now);
  return "kind" in verdict ? { fault: verdict } : { every: verdict };
};
