import {
  type DestinationFault,
  describeIssue,
  type Outcome,
  type OutgoingEvent,
  type SendAnswer,
} from "@meter-lib/core/transport";
import { hideSecrets } from "@meter-lib/core/wire";
import type { Dialect, PartRequest } from "./dialects/dialect.ts";
import { parseHttpDate } from "./dialects/retry-after.ts";
import { exchange, type HttpAnswer } from "./http/exchange.ts";
import { type HeaderSource, headerIssues } from "./http/header-source.ts";
import type { HttpSend } from "./http/http-send.ts";
import { judgeFailure } from "./http/judge-failure.ts";

/** Where a transport sends, and how. */
export interface Route {
  readonly dialect: Dialect;
  readonly send: HttpSend;
  /** The address of a path. */
  readonly url: (path: string) => string;
  readonly headers: HeaderSource;
  readonly timeoutMs: number;
}

/**
 * Sends a batch in one or more requests, one after another, and returns the outcomes in order. Stops at the first request without a
 * clear outcome: the remaining events may be sent again.
 */
export const sendBatch = async (
  route: Route,
  events: readonly OutgoingEvent[],
  signal: AbortSignal,
): Promise<SendAnswer> => {
  if (signal.aborted) return { every: { state: "retry", reason: "not sent: aborted before" } };
  const asked = await askHeaders(route.headers, signal);
  if (asked.fault !== undefined) return asked;

  // Only how many there are is kept while an answer is awaited.
  const count = events.length;
  const outcomes: Outcome[] = [];
  let receiverTime: number | undefined;
  let sent = false;
  for (const next of route.dialect.encode(events)) {
    const part = next instanceof Promise ? await next : next;
    if (part.rejected !== undefined) {
      outcomes.push(part.rejected);
      continue;
    }
    if (signal.aborted) {
      return { outcomes: fillRetry(outcomes, count, "not sent: aborted before"), receiverTime };
    }
    const answer = await sendPart(route, part, asked.headers, signal);
    receiverTime = answer.receiverTime ?? receiverTime;
    if (answer.fault !== undefined) {
      // A fault is for the whole batch, so it can only be returned while no event was accepted.
      if (!sent) return answer;
      return { outcomes: fillRetry(outcomes, count, answer.fault.reason, answer.fault), receiverTime };
    }
    // The common case: one request for the whole batch.
    if (part.events === count) return { ...answer, receiverTime };
    sent = true;
    const told = answer.outcomes ?? new Array<Outcome>(part.events).fill(answer.every);
    outcomes.push(...told);
    if (told.every(({ state }) => state === "unsure")) {
      return {
        outcomes: fillRetry(outcomes, count, "not sent: the request before it had no clear answer"),
        receiverTime,
      };
    }
  }
  return { outcomes, receiverTime };
};

const sendPart = async (
  { dialect, send, url, timeoutMs }: Route,
  part: PartRequest,
  headers: Headers,
  signal: AbortSignal,
): Promise<SendAnswer> => {
  const hide = hideSecrets(headers);
  const request = {
    url: url(part.path ?? dialect.path),
    headers: { ...headers, ...part.headers },
    body: part.body,
  };
  const answer = await exchange(send, request, { signal, timeoutMs, maxAnswerBytes: dialect.maxAnswerBytes });
  if ("status" in answer) {
    const shown = { ...answer, text: hide(answer.text), header: hiding(answer.header, hide) };
    const verdict = dialect.judge(shown, part.events, Date.now());
    return { ...verdict, receiverTime: parseHttpDate(answer.header("date")) };
  }
  const verdict = judgeFailure(answer);
  const told = { ...verdict, reason: hide(verdict.reason) };
  return "kind" in told ? { fault: told } : { every: told };
};

/** Removes the request's secrets from a response header: a `Location` may repeat them. */
const hiding =
  (header: HttpAnswer["header"], hide: (text: string) => string): HttpAnswer["header"] =>
  (name) => {
    const value = header(name);
    return value === null ? null : hide(value);
  };

/** Returns the outcomes so far, and `retry` for all remaining events. */
const fillRetry = (
  outcomes: readonly Outcome[],
  count: number,
  reason: string,
  details: Partial<DestinationFault> = {},
): readonly Outcome[] => {
  const { status, body, retryAfterMs } = details;
  const rest = new Array<Outcome>(count - outcomes.length);
  return [...outcomes, ...rest.fill({ state: "retry", reason, status, body, retryAfterMs })];
};

type Headers = Readonly<Record<string, string>>;

type Asked = { readonly headers: Headers; readonly fault?: undefined } | { readonly fault: DestinationFault };

const askHeaders = async (source: HeaderSource, signal: AbortSignal): Promise<Asked> => {
  if (typeof source !== "function") return { headers: source };
  const fault = (kind: DestinationFault["kind"], reason: string): Asked => ({
    fault: { kind, reason: `not sent: ${reason}` },
  });
  let stop = () => {};
  const aborted = new Promise<Asked>((resolve) => {
    stop = () => resolve(fault("unavailable", "the headers option did not answer in time"));
    signal.addEventListener("abort", stop, { once: true });
  });
  const asked = Promise.resolve()
    .then(source)
    .then(
      (headers): Asked => {
        const issues = headerIssues(headers);
        return issues.length === 0 ? { headers } : fault("blocked", issues.map(describeIssue).join("; "));
      },
      // Without the error's message, which may contain a token.
      () => fault("unavailable", "the headers option threw an error"),
    );
  try {
    return await Promise.race([asked, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
};
