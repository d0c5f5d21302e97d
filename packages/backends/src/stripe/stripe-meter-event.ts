import {
  describeValue,
  type EventIssue,
  type OutgoingEvent,
  type UsageEvent,
  usageTime,
} from "@meter-lib/core/transport";
import { type NameMap, nameOf } from "../name-map.ts";
import { usageValue, type ValueOf, type ValueRule, valueIssue } from "../usage-value.ts";

/** How events look at one Stripe account. */
export interface StripeNames {
  readonly eventNames: NameMap;
  readonly customerKey: string;
  readonly valueKey: string;
  readonly value: StripeValue;
}

/** The number that Stripe adds up, or undefined for an event that has none. */
export type StripeValue = ValueOf;

/** Units used, or milliseconds from start to end: whole numbers, as Stripe takes them, without rounding. */
export const defaultStripeValue: StripeValue = usageValue;

/** The form of `POST /v1/billing/meter_events`. */
export const stripeForm = (event: OutgoingEvent, identifier: string, names: StripeNames): string =>
  new URLSearchParams([
    ["event_name", nameOf(names.eventNames, event.meter_id)],
    ["identifier", identifier],
    ["timestamp", String(Math.floor(usageTime(event) / 1000))],
    [`payload[${names.customerKey}]`, event.customer_id],
    [`payload[${names.valueKey}]`, String(names.value(event))],
    ...Object.entries(event.metadata ?? {}).map(([key, text]): [string, string] => [`payload[${key}]`, text]),
  ]).toString();

/** The form of `POST /v1/billing/meter_event_adjustments` that cancels a meter event. */
export const stripeCancellation = (
  { meter_id }: OutgoingEvent,
  identifier: string,
  { eventNames }: StripeNames,
): string =>
  new URLSearchParams([
    ["event_name", nameOf(eventNames, meter_id)],
    ["type", "cancel"],
    ["cancel[identifier]", identifier],
  ]).toString();

const DAY_MS = 86_400_000;
/** How far back Stripe takes events: https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api */
export const STRIPE_PAST_MS = 35 * DAY_MS;
const STRIPE_FUTURE_MS = 5 * 60_000;
// Stripe reports a longer one as `meter_event_value_too_many_digits`, after it has answered 200.
const LARGEST_VALUE = 999_999_999_999_999;
const MAX_NAME = 100;
const MAX_PAYLOAD_TEXT = 100;
const PAYLOAD_KEY = /^[^[\]]{1,100}$/;

/** What Stripe would refuse, or take and drop later without telling the caller. */
export const stripeIssue = (event: UsageEvent, names: StripeNames, now: number): EventIssue | undefined =>
  nameIssue(event.meter_id, names, "meter_id") ??
  timeIssue(event, now) ??
  valueIssue(event, names.value, WHOLE_NUMBER) ??
  payloadIssue(event, names);

export const nameIssue = (
  meter_id: string,
  { eventNames }: StripeNames,
  field: string,
): EventIssue | undefined =>
  nameOf(eventNames, meter_id).length <= MAX_NAME
    ? undefined
    : {
        field,
        given: describeValue(meter_id),
        expected: `an id of at most ${MAX_NAME} characters, or a name for it in the option eventNames`,
      };

const timeIssue = (event: UsageEvent, now: number): EventIssue | undefined => {
  const time = usageTime(event);
  if (time >= now - STRIPE_PAST_MS && time <= now + STRIPE_FUTURE_MS) return undefined;
  const { start_time, end_time } = event;
  return {
    field: end_time !== undefined ? "end_time" : start_time !== undefined ? "start_time" : "event_time",
    given: describeValue(time),
    expected: "a time within the last 35 days and at most 5 minutes ahead, as Stripe requires",
  };
};

const WHOLE_NUMBER: ValueRule = {
  backend: "Stripe",
  takes: (value) => Number.isSafeInteger(value) && value >= 0 && value <= LARGEST_VALUE,
  expected: `a whole number from 0 to ${LARGEST_VALUE}`,
};

const payloadIssue = (
  { metadata = {} }: UsageEvent,
  { customerKey, valueKey }: StripeNames,
): EventIssue | undefined => {
  for (const [key, text] of Object.entries(metadata)) {
    const field = `metadata.${key}`;
    if (key === customerKey || key === valueKey || !PAYLOAD_KEY.test(key)) {
      return {
        field,
        given: describeValue(key),
        expected: "a key of at most 100 characters without brackets that the payload does not use yet",
      };
    }
    if (text.length > MAX_PAYLOAD_TEXT) {
      return { field, given: describeValue(text), expected: `at most ${MAX_PAYLOAD_TEXT} characters` };
    }
  }
  return undefined;
};
