import type { Outcome, SendAnswer } from "@meter-lib/core/transport";

/** The outcome of each event, also where one speaks for all. */
export const outcomesOf = ({ every, outcomes }: SendAnswer, count = 1): readonly Outcome[] =>
  outcomes ?? (every === undefined ? [] : Array.from({ length: count }, () => every));
