import {
  describeValue,
  type EventIssue,
  type Metadata,
  type OutgoingEvent,
  type UsageEvent,
  usageTime,
} from "@meter-lib/core/transport";
import { type NameMap, nameOf } from "../name-map.ts";

/** The `data` of an event; a meter's `valueProperty` and `groupBy` refer to it. */
export interface OpenMeterData {
  /** Units used (`$.total_usage`); only of volume meters. */
  readonly total_usage?: number | undefined;
  /** Milliseconds since the epoch; only of performance meters. */
  readonly start_time?: number | undefined;
  readonly end_time?: number | undefined;
  /** From start to end (`$.duration_ms`); only if an event has both. */
  readonly duration_ms?: number | undefined;
  readonly tenant_id: string;
  readonly device_id: string;
  readonly session_id?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

/** An event in OpenMeter's format: CloudEvents 1.0 in JSON. */
export interface OpenMeterEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  readonly data: object;
}

export interface OpenMeterNames {
  readonly source: string;
  readonly eventTypes: NameMap;
  readonly data: OpenMeterDataOf;
}

/** Returns the `data` of an event. */
export type OpenMeterDataOf = (event: UsageEvent) => object;

/** All fields of an event. */
export const defaultOpenMeterData: OpenMeterDataOf = ({
  total_usage,
  start_time,
  end_time,
  tenant_id,
  device_id,
  session_id,
  metadata,
}): OpenMeterData => ({
  total_usage,
  start_time,
  end_time,
  duration_ms: start_time === undefined || end_time === undefined ? undefined : end_time - start_time,
  tenant_id,
  device_id,
  session_id,
  metadata,
});

/**
 * OpenMeter identifies events by `source` and `id`, joined with a hyphen, and an event id is unique only within its tenant. So the
 * tenant is part of the source, and a slash after it distinguishes `a` + `b-c` from `a-b` + `c`.
 */
const sourceOf = (source: string, tenant_id: string): string =>
  `${source}/${encodeURIComponent(tenant_id.toWellFormed())}/`;

/** The tenant in a source that {@link openMeterEvent} made; undefined for one of another origin. */
export const tenantOfSource = (source: string, of: string): string | undefined => {
  if (!of.startsWith(`${source}/`) || !of.endsWith("/")) return undefined;
  try {
    const tenant_id = decodeURIComponent(of.slice(source.length + 1, -1));
    return sourceOf(source, tenant_id) === of ? tenant_id : undefined;
  } catch {
    return undefined;
  }
};

export const openMeterEvent = (
  event: OutgoingEvent,
  { source, eventTypes, data }: OpenMeterNames,
): OpenMeterEvent => ({
  specversion: "1.0",
  id: event.event_id,
  source: sourceOf(source, event.tenant_id),
  type: nameOf(eventTypes, event.meter_id),
  subject: event.customer_id,
  time: new Date(usageTime(event)).toISOString(),
  data: data(event),
});

// RFC 3339 has four digits for the year.
const LATEST_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Returns what CloudEvents cannot carry. */
export const openMeterIssue = (event: UsageEvent, { data }: OpenMeterNames): EventIssue | undefined => {
  const time = usageTime(event);
  if (time > LATEST_TIME)
    return { field: "event_time", given: describeValue(time), expected: "a time before the year 10000" };
  try {
    const given: unknown = data === defaultOpenMeterData ? {} : JSON.parse(JSON.stringify(data(event)));
    return typeof given === "object" && given !== null && !Array.isArray(given)
      ? undefined
      : { field: "data", given: describeValue(given), expected: "an object" };
  } catch (error) {
    return { field: "data", given: `an error: ${String(error)}`, expected: "an object that JSON can write" };
  }
};
