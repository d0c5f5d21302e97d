import type { LoggedEvent } from "../../src/store/log-query.ts";

/** Describes what happened to an event, and why. */
export const stateWords = ({
  state,
  late,
  reason,
}: Pick<LoggedEvent, "state" | "late" | "reason">): string => {
  switch (state) {
    case "accepted":
      return late
        ? "Counted late: it arrived long after its event time, and counts in the hour of its event time."
        : "Counted.";
    case "duplicate":
      return "Not counted again: an event with the same id and content came before.";
    case "conflict":
      return "Not counted: its id was used before with different content. The first event counts.";
    case "replaced":
      return "Does not count: a correction with a higher revision exists.";
    case "cancellation":
      return "A correction: it cancels an event, and counts nothing itself.";
    case "refused":
      return `Refused, not counted: ${reason ?? "no reason known"}`;
  }
};
