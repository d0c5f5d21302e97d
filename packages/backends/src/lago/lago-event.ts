import {
  describeValue,
  type EventIssue,
  type OutgoingEvent,
  type UsageEvent,
  usageTime,
} from "@meter-lib/core/transport";
import { type NameMap, nameOf } from "../name-map.ts";
import { scopedId } from "../scoped-id.ts";

/** What a billable metric's `field_name` and filters look into. */
export type LagoProperties = Readonly<Record<string, string | number | undefined>>;

/** Returns the `properties` of an event. */
export type LagoPropertiesOf = (event: UsageEvent) => LagoProperties;

/** Metadata, and on top of it what was used: `total_usage`, or the times and `duration_ms`. */
export const defaultLagoProperties: LagoPropertiesOf = ({ metadata, total_usage, start_time, end_time }) => ({
  ...metadata,
  total_usage,
  start_time,
  end_time,
  duration_ms: start_time === undefined || end_time === undefined ? undefined : end_time - start_time,
});

/** `EventInputObject` of Lago's OpenAPI document. */
export interface LagoEvent {
  readonly transaction_id: string;
  readonly external_subscription_id: string;
  readonly code: string;
  /** Seconds since the epoch, with milliseconds as decimals. */
  readonly timestamp: string;
  readonly properties: LagoProperties;
}

export interface LagoNames {
  readonly codes: NameMap;
  readonly properties: LagoPropertiesOf;
}

export const lagoEvent = (event: OutgoingEvent, { codes, properties }: LagoNames): LagoEvent => ({
  transaction_id: scopedId(event),
  external_subscription_id: event.customer_id,
  code: nameOf(codes, event.meter_id),
  timestamp: (usageTime(event) / 1000).toFixed(3),
  properties: properties(event),
});

const USAGE_FIELDS = new Set(["total_usage", "start_time", "end_time", "duration_ms"]);
const EXPECTED = "an object of texts and finite numbers";

/** Returns what Lago cannot store. */
export const lagoIssue = (event: UsageEvent, { properties }: LagoNames): EventIssue | undefined => {
  if (properties === defaultLagoProperties) {
    const key = Object.keys(event.metadata ?? {}).find((name) => USAGE_FIELDS.has(name));
    return key === undefined
      ? undefined
      : {
          field: `metadata.${key}`,
          given: describeValue(key),
          expected: "a key that the event's usage does not have",
        };
  }
  let given: unknown;
  try {
    given = properties(event);
  } catch (error) {
    return { field: "properties", given: `an error: ${String(error)}`, expected: EXPECTED };
  }
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return { field: "properties", given: describeValue(given), expected: EXPECTED };
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || typeof value === "string" || Number.isFinite(value)) continue;
    return { field: `properties.${key}`, given: describeValue(value), expected: "text or a finite number" };
  }
  return undefined;
};
