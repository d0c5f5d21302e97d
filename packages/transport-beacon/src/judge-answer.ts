import type { DestinationFault, Outcome, Unsure } from "@meter-lib/core/transport";
import type { PageEventResult } from "@meter-lib/core/wire";

const MAX_SHOWN = 4096;
const MAX_REASON = 300;

/** The result of a body: an outcome by event id, one outcome for all events, or a fault that affected none. */
export type Verdict = Map<unknown, Outcome> | Unsure | DestinationFault;

/** Interprets a response, whose body is `text`. */
export const judgeAnswer = ({ status, headers }: Response, text: string): Verdict => {
  let said = "";
  try {
    const { results, error } = JSON.parse(text);
    if (status === 200) return readResults(results);
    said = `: ${error.message.slice(0, MAX_REASON)}`;
  } catch {
    // Not the response of a relay.
  }
  const retryAfterMs = parseRetryAfter(headers.get("retry-after"));
  const kind = faultOf(status, retryAfterMs);
  const answered = {
    reason: `the relay answered HTTP ${status}${said}`,
    status,
    body: text.slice(0, MAX_SHOWN),
    retryAfterMs,
  };
  return kind === undefined
    ? { state: "unsure", ...answered }
    : { kind, credentials: status === 401 || status === 403 || undefined, ...answered };
};

const faultOf = (status: number, retryAfterMs: number | undefined): DestinationFault["kind"] | undefined => {
  // 0: a redirect that was not followed, whose status browsers hide.
  if (/^(0|3..|40[1345]|415)$/.test(String(status))) return "blocked";
  if (status === 413) return "too_large";
  if (status === 400 || status === 422) return "invalid";
  // Only a 503 with Retry-After is deliberate; any other may come from a proxy after the request went through.
  return status === 429 || (status === 503 && retryAfterMs !== undefined) ? "unavailable" : undefined;
};

/** Parses seconds or a date (RFC 9110, 10.2.3) to milliseconds from now. */
const parseRetryAfter = (text: string | null): number | undefined => {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
};

/** Returns the outcome of each event in the response. Throws if there is no list. */
const readResults = (results: Iterable<Partial<Record<keyof PageEventResult, unknown>> | null>) => {
  const outcomes = new Map<unknown, Outcome>();
  for (const result of results) {
    const { event_id, state, reason = "no reason given", retry_after_ms } = result ?? {};
    if (state === "accepted") outcomes.set(event_id, { state: "acknowledged" });
    else if (state === "duplicate") outcomes.set(event_id, { state: "acknowledged", duplicate: true });
    else if (state === "rejected" || state === "retry") {
      const retryAfterMs = typeof retry_after_ms === "number" ? retry_after_ms : undefined;
      outcomes.set(event_id, { state, reason: String(reason), retryAfterMs });
    }
  }
  return outcomes;
};
