import { MeterError } from "../errors/meter-error.ts";
import type { LookupAnswer } from "../strategies/customer-lookup.ts";
import type { Answered, DestinationFault, Outcome, SendAnswer } from "../strategies/transport.ts";

/** The result of `post()`. */
export type PostResult = PostSuccess | PostFailure;

export interface PostSuccess {
  readonly ok: true;
  readonly event_id: string;
  /** The backend's JSON response. */
  readonly response: unknown;
  /** Whether the backend already had the event; it is counted once. */
  readonly duplicate: boolean;
}

export interface PostFailure {
  readonly ok: false;
  /** Pass it again if you repeat the call, so that the event is counted once. Undefined for an invalid event. */
  readonly event_id: string | undefined;
  /** `error.code` says what happened; `error.ambiguous` says whether the event may have been counted. */
  readonly error: MeterError;
}

/** Converts the result of a lookup that found no customer to an error. */
export const lookupError = (
  tenant_id: string,
  answer: Exclude<LookupAnswer, { state: "found" }>,
): MeterError => {
  const tenant = JSON.stringify(tenant_id.slice(0, 255));
  return answer.state === "unknown"
    ? new MeterError(
        "customer_not_found",
        `tenant ${tenant} has no customer${answer.reason ? `: ${answer.reason}` : ""}`,
      )
    : new MeterError(
        "lookup_failed",
        `the customer of tenant ${tenant} could not be looked up: ${answer.reason}`,
        answer,
      );
};

/** Converts the result of a transport for a batch of one event to the result of the call. */
export const postResult = (
  event_id: string,
  answer: SendAnswer,
  signal: AbortSignal | undefined,
): PostResult => {
  const aborted = signal?.aborted === true;
  if (answer.fault !== undefined) return { ok: false, event_id, error: faultError(answer.fault, aborted) };
  const outcome = answer.every ?? answer.outcomes[0];
  if (outcome === undefined) throw new TypeError("a batch of one event has one outcome");
  return outcome.state === "acknowledged"
    ? { ok: true, event_id, response: outcome.response, duplicate: outcome.duplicate ?? false }
    : { ok: false, event_id, error: outcomeError(outcome, aborted) };
};

const faultError = (fault: DestinationFault, aborted: boolean): MeterError => {
  if (fault.status !== undefined)
    return withAnswer("refused", `the backend refused: ${fault.reason}`, fault, false);
  return aborted
    ? new MeterError("aborted", "the call was aborted before anything was sent")
    : withAnswer("unreachable", `the backend is unreachable: ${fault.reason}`, fault, false);
};

const outcomeError = (outcome: Exclude<Outcome, { state: "acknowledged" }>, aborted: boolean): MeterError => {
  if (outcome.state !== "unsure")
    return withAnswer("refused", `the backend refused: ${outcome.reason}`, outcome, false);
  if (aborted)
    return withAnswer("aborted", `the call was aborted in flight: ${outcome.reason}`, outcome, true);
  if (outcome.timeout)
    return withAnswer("timeout", `the backend did not respond in time: ${outcome.reason}`, outcome, true);
  if (outcome.status === undefined) {
    return withAnswer(
      "unreachable",
      `the connection to the backend was lost: ${outcome.reason}`,
      outcome,
      true,
    );
  }
  return outcome.status < 300
    ? withAnswer(
        "unexpected_response",
        `unexpected response from the backend: ${outcome.reason}`,
        outcome,
        true,
      )
    : withAnswer("refused", `the backend failed: ${outcome.reason}`, outcome, true);
};

const withAnswer = (
  code: "refused" | "unreachable" | "aborted" | "timeout" | "unexpected_response",
  message: string,
  { status, body }: Answered,
  ambiguous: boolean,
): MeterError => new MeterError(code, message, { status, body, ambiguous });
