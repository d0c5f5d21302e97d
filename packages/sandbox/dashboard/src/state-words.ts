import type { LoggedEvent } from "../../src/store/log-query.ts";

/** What became of an event, and why, in words. */
export const stateWords = ({
  state,
  late,
  reason,
}: Pick<LoggedEvent, "state" | "late" | "reason">): string => {
  switch (state) {
    case "accepted":
      return late
        ? "Counted, and late: its time lies far before its arrival. It counts in the hour of its time."
        : "Counted.";
    case "duplicate":
      return "Not counted again: an event with the same id and the same content came before.";
    case "conflict":
      return "Not counted: its id was used before by an event with different content. The first one counts.";
    case "replaced":
      return "Not counted: a correction with a higher revision is here.";
    case "cancellation":
      return "A correction: it takes an event back, and counts nothing itself.";
    case "refused":
      return `Refused, nothing of it is counted: ${reason ?? "no reason is known"}`;
  }
};
