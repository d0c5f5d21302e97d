import type { DestinationFault, Outcome } from "../../strategies/transport.ts";
import type { Breaker } from "../rules/retry.ts";

/** What the outcomes of a batch say about its destination. */
export interface DestinationResult {
  /** Undefined if they say nothing: all events were rejected. */
  readonly state: "succeeded" | "failed" | "blocked" | undefined;
  /** Why it failed or is blocked, with the longest delay that an outcome asked for. */
  readonly fault: DestinationFault;
  /** Whether an event was settled: then the others wait each by itself, else the whole destination waits. */
  readonly isAnySettled: boolean;
}

/** The outcome of some events of a batch. */
export interface CountedOutcome {
  readonly outcome: Outcome;
  readonly events: number;
}

/** One bad deploy of the receiver must not turn the backlog into dead letters. */
const REFUSES_EVERYTHING = "refused twenty single events in a row";

/** Whether it is for the batch as it is: a smaller one may be taken. */
export const isMisfit = ({ kind }: DestinationFault): boolean => kind === "too_large" || kind === "invalid";

/** A single event that was refused after many others is not to blame: the destination is. */
export const blamed = (fault: DestinationFault, isAlone: boolean, breaker: Breaker): DestinationFault =>
  isMisfit(fault) && isAlone && breaker.refused()
    ? { ...fault, kind: "blocked", reason: `${REFUSES_EVERYTHING}, the last: ${fault.reason}` }
    : fault;

/** Sums up a batch whose events have outcomes. A destination works as soon as one event was acknowledged. */
export const destinationResult = (
  outcomes: readonly CountedOutcome[],
  breaker: Breaker,
): DestinationResult => {
  const sums = { acknowledged: 0, rejected: 0, retry: 0, unsure: 0 };
  let fault: DestinationFault = { kind: "blocked", reason: REFUSES_EVERYTHING };
  for (const { outcome, events } of outcomes) {
    sums[outcome.state] += events;
    if (outcome.state === "acknowledged" || outcome.state === "rejected") continue;
    const { reason, status, retryAfterMs = fault.retryAfterMs } = outcome;
    fault = {
      kind: "unavailable",
      reason,
      status,
      retryAfterMs: retryAfterMs && Math.max(retryAfterMs, fault.retryAfterMs ?? 0),
    };
  }
  const { acknowledged, rejected, retry, unsure } = sums;
  const isBlocked = acknowledged + retry + unsure === 0 && rejected === 1 && breaker.refused();
  return {
    state: acknowledged > 0 ? "succeeded" : retry + unsure > 0 ? "failed" : isBlocked ? "blocked" : undefined,
    fault,
    isAnySettled: acknowledged + rejected > 0,
  };
};
