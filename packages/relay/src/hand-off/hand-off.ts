import type { UsageEvent } from "@meter-lib/core";
import type { Deadline } from "../request/deadline.ts";

/**
 * Hands events on, and resolves with the outcome of each, in order, by the deadline at the latest. If it rejects, any of them may have
 * been accepted.
 */
export type HandOff = (
  events: readonly EventToHandOff[],
  deadline: Deadline,
) => Promise<readonly HandedOff[]>;

export interface EventToHandOff {
  readonly event: UsageEvent;
  /** Whether an earlier attempt ended without an outcome and may have handed the event on. */
  readonly lapsed: boolean;
}

/**
 * - `taken`: safe; `repeat` if it was before
 * - `kept`: not accepted, or perhaps accepted; the client keeps it as a dead letter
 * - `rejected`: certainly not accepted, and never will be
 * - `refused`: certainly not accepted; may be retried
 * - `unsure`: may have been accepted. It stays claimed until `later` resolves, or else until the claim lapses
 * - `quarantined`: may have been accepted, and must not be retried
 *
 * `reason` is a fixed text for pages; `error` is for the operator.
 */
export type HandedOff =
  | { readonly state: "taken"; readonly repeat: boolean }
  | { readonly state: "kept" | "rejected" | "quarantined"; readonly reason: string; readonly error: unknown }
  | {
      readonly state: "refused";
      readonly reason: string;
      readonly retryAfterMs: number;
      readonly error?: unknown;
    }
  | {
      readonly state: "unsure";
      readonly reason: string;
      readonly later?: Promise<HandedOff>;
      readonly error?: unknown;
    };
