import type { DestinationFault, Outcome, OutgoingEvent, Unsure } from "@meter-lib/core";
import type { Posted } from "./post-page-body.ts";

const MAX_SHOWN = 4096;

/** What became of the events of one body: an outcome for each, or a fault that touched none of them. */
export const judgePosted = (
  posted: Posted,
  events: readonly OutgoingEvent[],
): readonly Outcome[] | DestinationFault => {
  const judged = "status" in posted ? judgeStatus(posted) : judgeSilence(posted);
  if (judged instanceof Map) return events.map(({ event_id }) => judged.get(event_id) ?? UNNAMED);
  return "kind" in judged ? judged : events.map(() => judged);
};

const UNNAMED: Unsure = { state: "unsure", reason: "the relay's answer does not name the event" };

type Answer = Extract<Posted, { readonly status: number }>;

const judgeSilence = (posted: Exclude<Posted, Answer>): DestinationFault | Unsure => {
  if ("beacon" in posted) return { state: "unsure", reason: "sent as a beacon, which has no answer" };
  const { error, wasOffline } = posted;
  const words = error instanceof Error ? error.message : String(error);
  if (wasOffline) return { kind: "unavailable", reason: `offline: ${words}` };
  const timeout = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
  return { state: "unsure", reason: `no answer: ${words}`, timeout };
};

const judgeStatus = ({ status, headers, text }: Answer): Map<string, Outcome> | DestinationFault | Unsure => {
  const body = text.slice(0, MAX_SHOWN);
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
  const fault = (kind: DestinationFault["kind"], credentials?: true): DestinationFault => ({
    kind,
    reason: `the relay answered HTTP ${status}`,
    status,
    body,
    retryAfterMs,
    credentials,
  });
  // A redirect that was not followed; browsers hide its status.
  if (status === 0 || (status >= 300 && status < 400)) return fault("blocked");
  switch (status) {
    case 200: {
      const results = parseResults(text);
      if (results !== undefined) return results;
      break;
    }
    case 401:
    case 403:
      return fault("blocked", true);
    case 404:
    case 405:
    case 415:
      return fault("blocked");
    case 413:
      return fault("too_large");
    case 400:
    case 422:
      return fault("invalid");
    case 429:
      return fault("unavailable");
    case 503:
      // Only a 503 that says when to come back was meant; any other may come from a proxy, after the request went through.
      if (retryAfterMs !== undefined) return fault("unavailable");
  }
  return { state: "unsure", reason: `HTTP ${status} is not the relay's answer`, status, body, retryAfterMs };
};

/** Seconds or a date (RFC 9110, 10.2.3), in milliseconds from now. */
const parseRetryAfter = (text: string | null): number | undefined => {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

/** The outcome of each event that the answer names; undefined when it is no answer of a relay. */
const parseResults = (text: string): Map<string, Outcome> | undefined => {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null || !("results" in answer)) return undefined;
  if (!Array.isArray(answer.results)) return undefined;
  const outcomes = new Map<string, Outcome>();
  for (const result of answer.results) {
    const outcome = readOutcome(result);
    if (outcome !== undefined) outcomes.set(result.event_id, outcome);
  }
  return outcomes;
};

const readOutcome = (result: unknown): Outcome | undefined => {
  if (typeof result !== "object" || result === null || !("event_id" in result && "state" in result))
    return undefined;
  const reason = "reason" in result && typeof result.reason === "string" ? result.reason : "no reason given";
  switch (result.state) {
    case "accepted":
      return { state: "acknowledged" };
    case "duplicate":
      return { state: "acknowledged", duplicate: true };
    case "rejected":
      return { state: "rejected", reason };
    case "retry": {
      const retryAfterMs =
        "retry_after_ms" in result && typeof result.retry_after_ms === "number"
          ? result.retry_after_ms
          : undefined;
      return { state: "retry", reason, retryAfterMs };
    }
  }
  return undefined;
};
