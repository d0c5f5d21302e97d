import type { Outcome, SendAnswer } from "../../strategies/transport.ts";
import { type Finding, landing, type Next } from "../rules/fates.ts";
import type { Slice } from "../segments/slice.ts";

/** A slice that was sent, and what was known before. */
export interface Sent {
  readonly slice: Slice;
  /** Whether an earlier attempt may have counted it. */
  readonly inDoubt: boolean;
  readonly mayResend: boolean;
}

/** The result for consecutive events. */
export interface Landed {
  readonly slice: Slice;
  readonly sent: Sent;
  readonly next: Next;
  /** Undefined if a fault affected the whole batch. */
  readonly outcome: Outcome | undefined;
  /** The outcome of each event, if they differ. */
  readonly each?: readonly Outcome[] | undefined;
}

/** Decides what a result means for each event of a batch, in order. */
export const judge = (sent: readonly Sent[], answer: SendAnswer): readonly Landed[] => {
  const isAlone = sent.length === 1 && sent[0]?.slice.size === 1;
  const whole = (finding: Finding, outcome: Outcome | undefined): readonly Landed[] =>
    sent.map((each) => ({
      slice: each.slice,
      sent: each,
      next: landing(finding, { ...each, isAlone }),
      outcome,
    }));
  if (answer.fault !== undefined) return whole(answer.fault.kind, undefined);
  if (answer.every !== undefined) return whole(answer.every.state, answer.every);
  const landed: Landed[] = [];
  let place = 0;
  for (const each of sent) {
    const { slice } = each;
    const outcomes = answer.outcomes.slice(place, place + slice.size);
    place += slice.size;
    let from = 0;
    for (let i = 1; i <= outcomes.length; i++) {
      const outcome = outcomes[from];
      if (outcome === undefined || (i < outcomes.length && isLike(outcome, outcomes[i]))) continue;
      landed.push({
        slice: slice.part(slice.from + from, slice.from + i),
        sent: each,
        next: landing(outcome.state, { ...each, isAlone }),
        outcome,
        each: outcomes.slice(from, i),
      });
      from = i;
    }
  }
  return landed;
};

/** Whether two events can be settled together. */
const isLike = (one: Outcome, other: Outcome | undefined): boolean =>
  one === other ||
  (one.state === other?.state &&
    (one.state === "acknowledged" ||
      other.state === "acknowledged" ||
      (one.reason === other.reason && one.status === other.status)));
