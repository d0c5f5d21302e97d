import type { DestinationFault, Unsure } from "@meter-lib/core/transport";
import type { HttpAnswer } from "../http/exchange.ts";
import { shownBody } from "./answer-body.ts";
import { parseHttpDate, parseRetryAfter } from "./retry-after.ts";
import { isRedirect, UNPROCESSED } from "./unprocessed-statuses.ts";

/**
 * Interprets a response that is not a success. After a redirect, one of a closed list of statuses, or a 503 with `Retry-After`, the
 * request was certainly not processed; after anything else it may have been.
 */
export const judgeStatus = (answer: HttpAnswer, now: number): DestinationFault | Unsure => {
  const { status } = answer;
  const answeredAt = parseHttpDate(answer.header("date")) ?? now;
  const details = {
    status: status === 0 ? undefined : status,
    body: shownBody(answer),
    retryAfterMs: parseRetryAfter(answer.header("retry-after"), answeredAt),
  };
  const fault = (kind: DestinationFault["kind"], reason: string): DestinationFault => ({
    kind,
    reason,
    ...details,
  });

  if (isRedirect(status)) return fault("blocked", describeRedirect(answer));
  const unprocessed = UNPROCESSED.get(status);
  if (unprocessed !== undefined) {
    const { kind, why, credentials } = unprocessed;
    return { ...fault(kind, `${why} (HTTP ${status})`), credentials };
  }
  // Only a 503 with Retry-After, readable or not, is deliberate; any other may come from a proxy after the request went through.
  if (status === 503 && answer.header("retry-after") !== null)
    return fault("unavailable", "the receiver is busy (HTTP 503 with Retry-After)");
  if (answer.cut === "timeout")
    return {
      state: "unsure",
      reason: `HTTP ${status}, its body did not end in time`,
      timeout: true,
      ...details,
    };
  const reason =
    status >= 200 && status < 300 ? "not the answer of this receiver" : "may have been processed";
  return { state: "unsure", reason: `HTTP ${status}: ${reason}`, ...details };
};

const describeRedirect = (answer: HttpAnswer): string => {
  const target = answer.header("location")?.split(/[?#]/, 1)[0];
  const to = target === undefined ? "" : ` to ${target.slice(0, 200)}`;
  return `redirects are not followed: the receiver answered with one${to}`;
};
