import {
  describeValue,
  type EventIssue,
  type OutgoingEvent,
  type UsageEvent,
  usageTime,
} from "@meter-lib/core/transport";
import { type NameMap, nameOf } from "../name-map.ts";
import { type ValueOf, type ValueRule, valueIssue } from "../usage-value.ts";

/** Returns the value of an event, or undefined for an event without one. */
export type AutumnValue = ValueOf;

export interface AutumnNames {
  readonly features: NameMap;
  readonly value: AutumnValue;
  readonly overage: "overflow" | "cap";
}

/** The body of `POST /v1/balances.track`. */
export const autumnTrack = (event: OutgoingEvent, { features, value, overage }: AutumnNames): string =>
  JSON.stringify({
    customer_id: event.customer_id,
    feature_id: nameOf(features, event.meter_id),
    value: value(event),
    timestamp: usageTime(event),
    properties: {
      ...event.metadata,
      event_id: event.event_id,
      tenant_id: event.tenant_id,
      device_id: event.device_id,
    },
    overage_behavior: overage,
  });

const OWN_PROPERTIES = new Set(["event_id", "tenant_id", "device_id"]);

/** Returns what Autumn cannot accept. */
export const autumnIssue = (event: UsageEvent, { value }: AutumnNames): EventIssue | undefined => {
  const time = usageTime(event);
  if (time < 1)
    return { field: "event_time", given: describeValue(time), expected: "a time after the epoch" };
  const key = Object.keys(event.metadata ?? {}).find((name) => OWN_PROPERTIES.has(name));
  if (key !== undefined) {
    const expected = "a key that the transport does not use itself";
    return { field: `metadata.${key}`, given: describeValue(key), expected };
  }
  return valueIssue(event, value, NOT_NEGATIVE);
};

// A negative value would add to the balance.
const NOT_NEGATIVE: ValueRule = {
  backend: "Autumn",
  takes: (value) => Number.isFinite(value) && value >= 0,
  expected: "a number ≥ 0",
};
