import type { DestinationFault, Unsure } from "@meter-lib/core";
import { shownBody } from "./answer-body.ts";
import type { HttpAnswer } from "./exchange.ts";
import { parseHttpDate, parseRetryAfter } from "./retry-after.ts";

/**
 * What an HTTP answer means that is not the one hoped for. A closed list of statuses says that the receiver certainly did
 * not process the request; every other one leaves that open.
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

  if (status === 0 || (status >= 300 && status < 400)) return fault("blocked", describeRedirect(answer));
  switch (status) {
    case 401:
    case 403:
      return {
        ...fault("blocked", `the receiver refused the credentials (HTTP ${status})`),
        credentials: true,
      };
    case 404:
    case 405:
    case 406:
    case 415:
      return fault("blocked", `the receiver does not serve this request (HTTP ${status})`);
    case 413:
      return fault("too_large", "the request is too large for the receiver (HTTP 413)");
    case 400:
    case 422:
      return fault("invalid", `the receiver refused the request as invalid (HTTP ${status})`);
    case 429:
      return fault("unavailable", "the receiver asks for fewer requests (HTTP 429)");
    case 503:
      // Only a 503 that says when to come back was meant; any other may come from a proxy, after the request went through.
      if (details.retryAfterMs !== undefined)
        return fault("unavailable", "the receiver is busy (HTTP 503 with Retry-After)");
  }
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
