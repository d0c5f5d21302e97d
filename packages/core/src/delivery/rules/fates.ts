import type { DestinationFault, Outcome } from "../../strategies/transport.ts";

/**
 * The states of a recorded event, the same in engine, outboxes and receipts.
 * - `pending`: kept, to be sent
 * - `inflight`: handed to a transport, no outcome yet
 * - `acknowledged`: the receiver has it
 * - `rejected`: the receiver refused it permanently: a dead letter
 * - `quarantined`: it may have been counted, and is not safe to send again
 */
export type Fate = "pending" | "inflight" | "acknowledged" | "rejected" | "quarantined";

/** What an attempt says about an event: its outcome, or the fault that affected the whole batch. */
export type Finding = Outcome["state"] | DestinationFault["kind"];

export interface Circumstances {
  /** Whether an earlier attempt may have counted it. */
  readonly inDoubt: boolean;
  /** Whether it may be sent again although it is ambiguous: the receiver deduplicates, or the policy says so. */
  readonly mayResend: boolean;
  /** Whether it was alone in its batch. */
  readonly isAlone: boolean;
}

export interface Next {
  readonly fate: Fate;
  /** Whether an attempt may have counted it, given what is known now. */
  readonly inDoubt: boolean;
}

const PENDING: Next = { fate: "pending", inDoubt: false };
const PENDING_IN_DOUBT: Next = { fate: "pending", inDoubt: true };
const ACKNOWLEDGED: Next = { fate: "acknowledged", inDoubt: false };
const REJECTED: Next = { fate: "rejected", inDoubt: false };
const QUARANTINED: Next = { fate: "quarantined", inDoubt: true };
const INFLIGHT: Next = { fate: "inflight", inDoubt: false };
const INFLIGHT_IN_DOUBT: Next = { fate: "inflight", inDoubt: true };

/** Whether a pending event may be sent; an ambiguous one only if it may be sent again. */
export const leaving = ({ inDoubt, mayResend }: Omit<Circumstances, "isAlone">): Next =>
  inDoubt ? (mayResend ? INFLIGHT_IN_DOUBT : QUARANTINED) : INFLIGHT;

/** Decides the next state of an event in flight. The whole table: nothing else decides a fate. */
export const landing = (finding: Finding, { inDoubt, mayResend, isAlone }: Circumstances): Next => {
  const untouched = inDoubt ? PENDING_IN_DOUBT : PENDING;
  // Refused now, but an earlier attempt may have been counted.
  const refused = inDoubt ? QUARANTINED : REJECTED;
  switch (finding) {
    case "acknowledged":
      return ACKNOWLEDGED;
    case "unsure":
      return mayResend ? PENDING_IN_DOUBT : QUARANTINED;
    case "rejected":
      return refused;
    case "too_large":
    case "invalid":
      return isAlone ? refused : untouched;
    case "retry":
    case "unavailable":
    case "blocked":
      return untouched;
  }
};
