import { describeValue } from "../check/event-issue.ts";
import { MeterError } from "../errors/meter-error.ts";
import { usageTime } from "../event/usage-time.ts";
import type { Transport } from "../strategies/transport.ts";
import { route } from "./route.ts";

export interface CutOverOptions {
  /** The instant, in milliseconds since the epoch; whole hours keep the hours of both books whole. */
  readonly at: number;
  readonly before: Transport;
  readonly after: Transport;
}

/**
 * Changes the backend at an instant of usage time: what was used before goes to one, everything else to the other, however late it is
 * recorded or sent. An event's time is frozen when it is recorded, so that none is billed by both or by neither, also after a restart.
 *
 * @throws MeterError `invalid_options` for an instant that is none
 *
 * @example
 * ```ts
 * const transport = cutOver({ at: Date.parse("2026-12-01T00:00:00Z"), before: oldBackend, after: newBackend });
 * ```
 */
export const cutOver = ({ at, before, after }: CutOverOptions): Transport => {
  if (!Number.isFinite(at)) {
    throw MeterError.fromIssues("invalid_options", [
      { field: "at", given: describeValue(at), expected: "a time in milliseconds since the epoch" },
    ]);
  }
  const transports = route((event) => (usageTime(event) < at ? before : after));
  return { ...transports, name: `${before.name}, from ${new Date(at).toISOString()} on ${after.name}` };
};
