import { describeValue } from "../check/event-issue.ts";
import { MeterError } from "../errors/meter-error.ts";
import { usageTime } from "../event/usage-time.ts";
import type { Transport } from "../strategies/transport.ts";
import { route } from "./route.ts";

export interface CutOverOptions {
  /** The instant, in milliseconds since the epoch. A whole hour keeps the hours of both backends complete. */
  readonly at: number;
  readonly before: Transport;
  readonly after: Transport;
}

/**
 * Switches the backend at an instant of event time: earlier usage goes to `before`, later usage to `after`, no matter when it is recorded
 * or sent. The time of an event is frozen when it is recorded, so each event is billed by exactly one backend, also after a restart.
 *
 * @throws MeterError `invalid_options` if the instant is not a time
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
  const transports = route((event) => (usageTime(event) < at ? before : after), [before, after]);
  return { ...transports, name: `${before.name}, from ${new Date(at).toISOString()} on ${after.name}` };
};
