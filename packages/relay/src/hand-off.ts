import type { UsageEvent } from "@meter-lib/core";
import type { Deadline } from "./deadline.ts";

/**
 * Passes events on to where they are safe, and says for each one, in order, whether they are. It comes to an answer when the
 * deadline does. A throw means that any of them may have been taken.
 */
export type HandOff = (
  events: readonly EventToHandOff[],
  deadline: Deadline,
) => Promise<readonly HandedOff[]>;

export interface EventToHandOff {
  readonly event: UsageEvent;
  /** An earlier attempt broke off without a word: it may have been handed off then. */
  readonly lapsed: boolean;
}

/**
 * - `taken`: safe; `repeat`: it had been before
 * - `kept`: the receiver did not take it, or perhaps did; the client has it as a dead letter
 * - `rejected`: certainly not taken, and never will be as it is
 * - `refused`: certainly not taken, may be tried again
 * - `unsure`: may have been taken. `later` tells how it ended: then it stays claimed until then, else until the claim lapses
 * - `quarantined`: may have been taken, and must not be tried again
 *
 * `reason` is for pages, and so in fixed words; `error` is for the operator.
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
