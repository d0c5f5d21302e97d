import type { SendAnswer } from "@meter-lib/core/transport";
import { answerJson } from "./answer-body.ts";
import type { HttpAnswer } from "./exchange.ts";
import { judgeStatus } from "./judge-status.ts";

/**
 * Judges the answer to one event. Acknowledged is a 2xx with a JSON object; without one (a 204, a captive portal's page)
 * nobody knows who answered. `{"status":"duplicate"}` says that the receiver had the event already.
 */
export const judgeEventsAnswer = (answer: HttpAnswer, now: number): SendAnswer => {
  const json = answerJson(answer);
  const success = answer.status >= 200 && answer.status < 300;
  if (isObject(json) && (success || answer.status === 409)) {
    if (json.status === "duplicate")
      return { outcomes: [{ state: "acknowledged", duplicate: true, response: json }] };
    if (success && !tellsAnError(json)) return { outcomes: [{ state: "acknowledged", response: json }] };
  }
  const verdict = judgeStatus(answer, now);
  return "kind" in verdict ? { fault: verdict } : { outcomes: [verdict] };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// Some gateways answer 200 and put the failure into the body.
const tellsAnError = (json: Record<string, unknown>): boolean =>
  Boolean(json.error) || Boolean(json.error_code) || json.status === "error" || json.status === "failed";
