import { describeIssue, expectedTime, isTime, type PageEvent, type Promisable } from "@meter-lib/core";
import type { Principal } from "./authenticate.ts";

/** What may come from browsers. A page is the user's own machine: what it says about usage is never more than plausible. */
export interface RelayPolicy {
  /** Meters that may come from browsers at all. @default every meter of the catalog */
  readonly meters?: readonly string[];
  /** Most `total_usage` of one event, for all meters or by meter id. @default no limit */
  readonly maxUsage?: number | Readonly<Record<string, number>>;
  /** How long ago an event's times may lie, in milliseconds, after the clock is corrected. @default no limit */
  readonly maxAgeMs?: number;
  /** How far ahead of the relay's clock they may lie, in milliseconds, after the clock is corrected. @default 86_400_000 (24 hours) */
  readonly maxFutureMs?: number;
}

/** A policy of one's own: the reason why the event is refused, or undefined. Times are by the relay's clock. */
export type PolicyCheck = (
  event: PageEvent,
  principal: Principal,
  now: number,
) => Promisable<string | undefined>;

const DAY_MS = 86_400_000;

/** A policy, however it was given, as the function that it means. */
export const policyCheck = (policy: RelayPolicy | PolicyCheck): PolicyCheck =>
  typeof policy === "function" ? policy : declaredPolicy(policy);

const declaredPolicy = ({
  meters,
  maxUsage,
  maxAgeMs = Number.POSITIVE_INFINITY,
  maxFutureMs = DAY_MS,
}: RelayPolicy): PolicyCheck => {
  const allowed = meters === undefined ? undefined : new Set(meters);
  const byMeter = new Map(typeof maxUsage === "object" ? Object.entries(maxUsage) : []);
  const forAll = typeof maxUsage === "number" ? maxUsage : Number.POSITIVE_INFINITY;
  return ({ meter_id, event_time, total_usage = 0, start_time, end_time }, _principal, now) => {
    if (allowed?.has(meter_id) === false) return "meter_id: this meter may not be reported from a browser";
    const limit = byMeter.get(meter_id) ?? forAll;
    if (total_usage > limit) return `total_usage: expected at most ${limit}, got ${total_usage}`;
    for (const [field, time] of Object.entries({ event_time, start_time, end_time })) {
      if (time === undefined) continue;
      if (now - time > maxAgeMs) return `${field}: expected a time within the last ${maxAgeMs} ms`;
      if (time - now > maxFutureMs) return `${field}: expected a time at most ${maxFutureMs} ms ahead`;
    }
    return undefined;
  };
};

/** Why these credentials may not report this meter, if so. */
export const scopeIssue = (meter_id: string, { meters }: Principal): string | undefined =>
  meters === undefined || meters.includes(meter_id)
    ? undefined
    : "meter_id: this meter is outside of what the credentials may report";

/** Why the event's times, by the relay's clock, cannot be times in milliseconds, if so. */
export const timeIssue = ({ event_time, start_time, end_time }: PageEvent): string | undefined => {
  for (const [field, time] of Object.entries({ event_time, start_time, end_time }))
    if (time !== undefined && !isTime(time))
      return describeIssue({ field, given: String(time), expected: expectedTime(time) });
  return undefined;
};
