import type { Acknowledged } from "../strategies/transport.ts";

/** How an event ended: the receiver has it, or it is kept for a person, with the reason. */
export type Settlement = Acknowledged | Buried;

export interface Buried {
  readonly state: "rejected" | "quarantined";
  /** In words, for people. */
  readonly reason: string;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  /** The receiver's answer, where there was one. */
  readonly body?: unknown;
}
