import type { Catalog } from "../catalog/catalog.ts";
import type { Meter } from "../catalog/meter.ts";
import { describeValue } from "../check/event-issue.ts";
import { isObject } from "../check/is-object.ts";
import { MeterError } from "../errors/meter-error.ts";
import { checkMetadata, isChecked, type Redact, redacted } from "./check-metadata.ts";
import type { CheckedEvent } from "./checked-event.ts";
import { createEventId } from "./event-id.ts";
import { FIELDS, isName, isToken, isUsage, MAX_EVENT_BYTES } from "./event-rules.ts";
import { eventSize } from "./event-size.ts";
import { isTime } from "./event-time.ts";
import { findIssues } from "./find-issues.ts";
import type { UsageEvent } from "./usage-event.ts";

/** Ids that a client is bound to; used if an event has none. */
export interface EventContext {
  readonly tenant_id?: string | undefined;
  readonly device_id?: string | undefined;
}

/** Checks any input against the catalog. Returns the frozen event, or the error that says what is wrong. */
export type EventCheck = (input: unknown, context: EventContext) => CheckedEvent | MeterError;

/** Builds the check for a catalog. Hand-written, because it is on the hot path and in browser bundles. */
export const createEventCheck = (catalog: Catalog, clock: { now(): number }, redact?: Redact): EventCheck => {
  const meters = new Map(Object.entries(catalog));
  // Consecutive events often share a meter.
  let last: { readonly meter_id: string; readonly meter: Meter } | undefined;
  const meterOf = (meter_id: string): Meter | undefined => {
    if (meter_id === last?.meter_id) return last.meter;
    const meter = meters.get(meter_id);
    if (meter !== undefined) last = { meter_id, meter };
    return meter;
  };
  const isTenant = rememberLast(isName);
  const isDevice = rememberLast(isName);

  const check: EventCheck = (input, context) => {
    if (!isObject(input)) {
      return MeterError.fromIssues("invalid_event", [
        {
          field: "event",
          given: describeValue(input),
          expected: "an object with meter_id, tenant_id and device_id",
        },
      ]);
    }
    const { meter_id, total_usage, start_time, end_time } = input;
    const tenant_id = input.tenant_id ?? context.tenant_id;
    const device_id = input.device_id ?? context.device_id;
    const meter = typeof meter_id === "string" ? meterOf(meter_id) : undefined;
    const now = clock.now();
    const event_time = input.event_time ?? now;
    const givenId = input.event_id ?? undefined;
    const event_id = givenId ?? createEventId(now);
    const session_id = input.session_id ?? undefined;
    const metadata = redacted(checkMetadata(meter, input.metadata), meter_id, redact);

    if (
      meter === undefined ||
      typeof meter_id !== "string" ||
      !isTenant(tenant_id) ||
      !isDevice(device_id) ||
      typeof event_id !== "string" ||
      !(givenId === undefined || isToken(givenId)) ||
      !(isTime(event_time) || input.event_time === undefined) ||
      typeof event_time !== "number" ||
      !(session_id === undefined || isToken(session_id)) ||
      !(metadata === undefined || isChecked(metadata)) ||
      !hasFieldsOfType(meter, total_usage, start_time, end_time) ||
      hasForeignField(input)
    ) {
      return MeterError.fromIssues(
        "invalid_event",
        findIssues({ ...input, tenant_id, device_id }, meter, metadata, meters),
      );
    }

    const event: UsageEvent = Object.freeze({
      event_id,
      tenant_id,
      device_id,
      meter_id,
      type: meter.type,
      event_time,
      // Adding 0 turns −0 into 0.
      total_usage: typeof total_usage === "number" ? total_usage + 0 : undefined,
      start_time: typeof start_time === "number" ? start_time : undefined,
      end_time: typeof end_time === "number" ? end_time : undefined,
      metadata,
      session_id,
      correction: undefined,
    });
    const bytes = eventSize(event);
    if (bytes > MAX_EVENT_BYTES) {
      return MeterError.fromIssues("invalid_event", [
        {
          field: "metadata",
          given: `an event of ${bytes} bytes`,
          expected: `an event of at most ${MAX_EVENT_BYTES} bytes`,
        },
      ]);
    }
    return {
      event,
      bytes,
      checkedAt: now,
      idGiven: givenId !== undefined,
      timeGiven: input.event_time !== undefined,
    };
  };

  return (input, context) => {
    try {
      return check(input, context);
    } catch (error) {
      // A getter or a proxy of the caller may throw; what happens to an event is never thrown.
      const why = error instanceof Error ? error.message : "something other than an error";
      return MeterError.fromIssues("invalid_event", [
        {
          field: "event",
          given: `an object that throws ${JSON.stringify(why)}`,
          expected: "readable fields",
        },
      ]);
    }
  };
};

/** Consecutive events often share tenant and device: an id that was just checked is valid. */
const rememberLast = (
  isRight: (value: unknown) => value is string,
): ((value: unknown) => value is string) => {
  let last: string | undefined;
  return (value): value is string => {
    if (value === last && last !== undefined) return true;
    if (!isRight(value)) return false;
    last = value;
    return true;
  };
};

const isFields = (total_usage: unknown, start_time: unknown, end_time: unknown): boolean =>
  total_usage === undefined &&
  (start_time === undefined
    ? isTime(end_time)
    : isTime(start_time) && (end_time === undefined || (isTime(end_time) && end_time >= start_time)));

const hasFieldsOfType = (
  meter: Meter,
  total_usage: unknown,
  start_time: unknown,
  end_time: unknown,
): boolean =>
  meter.type === "volume"
    ? isUsage(total_usage) && start_time === undefined && end_time === undefined
    : isFields(total_usage, start_time, end_time);

/** The fields of most events first, without a look-up. */
const isField = (name: string): boolean =>
  name === "meter_id" ||
  name === "total_usage" ||
  name === "tenant_id" ||
  name === "device_id" ||
  FIELDS.has(name);

const hasForeignField = (input: Record<string, unknown>): boolean => {
  for (const field in input) if (!isField(field)) return true;
  return false;
};
