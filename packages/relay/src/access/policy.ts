import type { Promisable } from "@meter-lib/core/transport";
import type { PageEvent } from "@meter-lib/core/wire";
import type { Principal } from "./authenticate.ts";

/** Limits for events from browsers. A page runs on the user's machine, so its usage can be plausible, but never trusted. */
export interface RelayPolicy {
  /** Meters that browsers may report. @default every meter of the catalog */
  readonly meters?: readonly string[];
  /** Largest `total_usage` of an event, for all meters or by meter id. For durations see `maxDurationMs`. @default no limit */
  readonly maxUsage?: number | Readonly<Record<string, number>>;
  /**
   * Longest time from `start_time` to `end_time` of an event, in milliseconds, for all meters or by meter id (the default applies to
   * others). Start and end in separate events can be at most `maxAgeMs` + `maxFutureMs` apart. @default 86_400_000 (24 hours)
   */
  readonly maxDurationMs?: number | Readonly<Record<string, number>>;
  /**
   * Largest age of an event's times, in milliseconds, after clock correction.
   * @default the window of the dedup store: an older event may have been accepted and forgotten
   */
  readonly maxAgeMs?: number;
  /** How far the times may be in the future, in milliseconds, after clock correction. @default 86_400_000 (24 hours) */
  readonly maxFutureMs?: number;
}

/** Custom policy that replaces all limits: returns why an event is rejected, or undefined. Times are by the relay's clock. */
export type PolicyCheck = (
  event: PageEvent,
  principal: Principal,
  now: number,
) => Promisable<string | undefined>;

const DAY_MS = 86_400_000;
const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Turns limits into a policy function. */
export const policyCheck = (policy: RelayPolicy | PolicyCheck, dedupWindowMs: number): PolicyCheck =>
  typeof policy === "function" ? policy : declaredPolicy(policy, dedupWindowMs);

const declaredPolicy = (
  { meters, maxUsage, maxDurationMs, maxAgeMs, maxFutureMs = DAY_MS }: RelayPolicy,
  dedupWindowMs: number,
): PolicyCheck => {
  const allowed = meters === undefined ? undefined : new Set(meters);
  const usageLimit = limitOf(maxUsage, NO_LIMIT);
  const durationLimit = limitOf(maxDurationMs, DAY_MS);
  const longestAgo = maxAgeMs ?? dedupWindowMs;

  const timeIssue = (field: string, time: number | undefined, now: number): string | undefined => {
    if (time === undefined) return undefined;
    if (now - time > longestAgo) return `${field}: expected a time within the last ${longestAgo} ms`;
    if (time - now > maxFutureMs) return `${field}: expected a time at most ${maxFutureMs} ms ahead`;
    return undefined;
  };

  return ({ meter_id, event_time, total_usage = 0, start_time, end_time }, _principal, now) => {
    if (allowed?.has(meter_id) === false) return "meter_id: this meter may not be reported from a browser";
    const mostUsage = usageLimit(meter_id);
    if (total_usage > mostUsage) return `total_usage: expected at most ${mostUsage}, got ${total_usage}`;
    const longest = durationLimit(meter_id);
    if (start_time !== undefined && end_time !== undefined && end_time - start_time > longest)
      return `end_time: expected a time at most ${longest} ms after start_time, got ${end_time - start_time} ms`;
    return (
      timeIssue("event_time", event_time, now) ??
      timeIssue("start_time", start_time, now) ??
      timeIssue("end_time", end_time, now)
    );
  };
};

/** Returns a function that returns the limit of a meter. */
const limitOf = (
  given: number | Readonly<Record<string, number>> | undefined,
  otherwise: number,
): ((meter_id: string) => number) => {
  if (typeof given !== "object") return () => given ?? otherwise;
  const byMeter = new Map(Object.entries(given));
  return (meter_id) => byMeter.get(meter_id) ?? otherwise;
};
