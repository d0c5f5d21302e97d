import { describeValue } from "../check/event-issue.ts";
import { MeterError } from "../errors/meter-error.ts";
import type { Outbox } from "../log/outbox/outbox.ts";

/**
 * Freezes all hours of a ledger that end by `before`. Returns the start of the first that is not frozen.
 *
 * @throws MeterError `invalid_options` if it is in the future: usage of an hour that has not ended would be booked as its correction
 */
export const freezeLedger = async (
  outbox: Pick<Outbox, "freeze">,
  before: number,
  now: number,
): Promise<number> => {
  if (Number.isSafeInteger(before) && before >= 0 && before <= now) return outbox.freeze(before);
  throw MeterError.fromIssues("invalid_options", [
    {
      field: "before",
      given: describeValue(before),
      expected: `a time until now (${now}), in milliseconds since the epoch`,
    },
  ]);
};
