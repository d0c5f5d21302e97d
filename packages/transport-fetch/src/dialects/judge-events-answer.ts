import type { SendAnswer } from "@meter-lib/core/transport";
import type { HttpAnswer } from "../http/exchange.ts";
import { answerJson } from "./answer-body.ts";
import { judgeStatus } from "./judge-status.ts";

/**
 * Interprets the response to one event. A 2xx with a JSON object acknowledges it; without one (a 204, the page of a captive portal) the
 * receiver may not have seen it. `{"status":"duplicate"}` means that the receiver already had the event.
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

// Some gateways answer 200 and report the failure in the body.
const tellsAnError = (json: Record<string, unknown>): boolean =>
  Boolean(json.error) || Boolean(json.error_code) || json.status === "error" || json.status === "failed";
