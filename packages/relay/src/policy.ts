import type { Promisable } from "@meter-lib/core/transport";
import type { PageEvent } from "@meter-lib/core/wire";
import type { Principal } from "./authenticate.ts";

/** What may come from browsers. A page is the user's own machine: what it says about usage is never more than plausible. */
export interface RelayPolicy {
  /** Meters that may come from browsers at all. @default every meter of the catalog */
  readonly meters?: readonly string[];
  /** Most `total_usage` of one event, for all meters or by meter id. For durations see `maxDurationMs`. @default no limit */
  readonly maxUsage?: number | Readonly<Record<string, number>>;
  /**
   * Longest time from `start_time` to `end_time` of one event, in milliseconds, for all meters or by meter id (those not named:
   * the default). Start and end in two events lie at most `maxAgeMs` + `maxFutureMs` apart. @default 86_400_000 (24 hours)
   */
  readonly maxDurationMs?: number | Readonly<Record<string, number>>;
  /**
   * How long ago an event's times may lie, in milliseconds, after the clock is corrected.
   * @default the window of the dedup store: an older event could be one that was taken and forgotten
   */
  readonly maxAgeMs?: number;
  /** How far ahead of the relay's clock they may lie, in milliseconds, after the clock is corrected. @default 86_400_000 (24 hours) */
  readonly maxFutureMs?: number;
}

/** A policy of one's own, instead of all limits above: the reason why the event is refused, or undefined. Times are by the relay's clock. */
export type PolicyCheck = (
  event: PageEvent,
  principal: Principal,
  now: number,
) => Promisable<string | undefined>;

const DAY_MS = 86_400_000;
const NO_LIMIT = Number.POSITIVE_INFINITY;

/** A policy, however it was given, as the function that it means. */
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

/** A limit for each meter, however it was given. */
const limitOf = (
  given: number | Readonly<Record<string, number>> | undefined,
  otherwise: number,
): ((meter_id: string) => number) => {
  if (typeof given !== "object") return () => given ?? otherwise;
  const byMeter = new Map(Object.entries(given));
  return (meter_id) => byMeter.get(meter_id) ?? otherwise;
};
