import type { UsageEvent } from "@meter-lib/core";

/** Passes events on to where they are safe, and says for each one, in order, whether they are. Must not throw. */
export type HandOff = (events: readonly EventToHandOff[]) => Promise<readonly HandedOff[]>;

export interface EventToHandOff {
  readonly event: UsageEvent;
  /** An earlier attempt broke off without a word: it may have been handed off then. */
  readonly lapsed: boolean;
}

/**
 * - `taken`: safe; `repeat`: it had been before
 * - `rejected`: certainly not taken, and never will be as it is
 * - `refused`: certainly not taken, may be tried again
 * - `unsure`: may have been taken. `later` tells when that is known: then it stays claimed until then, else until the claim lapses
 * - `quarantined`: may have been taken, and must not be tried again
 */
export type HandedOff =
  | { readonly state: "taken"; readonly repeat: boolean }
  | { readonly state: "rejected"; readonly reason: string }
  | { readonly state: "refused"; readonly reason: string; readonly retryAfterMs: number }
  | { readonly state: "unsure"; readonly reason: string; readonly later?: Promise<"taken" | "not_taken"> }
  | { readonly state: "quarantined"; readonly reason: string };

export const UNSURE_REASON =
  "it may have been counted, and the receiver does not drop a second one: it is not sent again";
