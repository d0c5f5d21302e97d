import type { PageEventResult } from "@meter-lib/core/wire";
import type { HandedOff } from "../hand-off/hand-off.ts";

const UNDECIDED_RETRY_MS = 5_000;

const accepted = (event_id: string): PageEventResult => ({ event_id, state: "accepted" });

export const duplicate = (event_id: string): PageEventResult => ({ event_id, state: "duplicate" });

export const rejected = (event_id: string, reason: string): PageEventResult => ({
  event_id,
  state: "rejected",
  reason,
});

export const retry = (event_id: string, reason: string, retryAfterMs: number): PageEventResult => ({
  event_id,
  state: "retry",
  reason,
  retry_after_ms: Math.max(0, Math.ceil(retryAfterMs)),
});

/** Returns the page's result of a hand-off. An unsure one without a later outcome may be retried when the claim has lapsed. */
export const handedOffResult = (event_id: string, outcome: HandedOff, leaseMs: number): PageEventResult => {
  switch (outcome.state) {
    case "taken":
      return outcome.repeat ? duplicate(event_id) : accepted(event_id);
    case "kept":
    case "rejected":
    case "quarantined":
      return rejected(event_id, outcome.reason);
    case "refused":
      return retry(event_id, outcome.reason, outcome.retryAfterMs);
    case "unsure":
      return retry(event_id, outcome.reason, outcome.later === undefined ? leaseMs : UNDECIDED_RETRY_MS);
  }
};
