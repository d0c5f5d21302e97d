import { type Clock, systemClock, type Transport } from "@meter-lib/core/transport";
import {
  checkHttpOptions,
  dialectTransport,
  type HttpOptions,
  httpEntries,
} from "@meter-lib/transport-fetch/dialect";
import * as v from "valibot";
import { type ApiKey, apiKeyEntry, bearer } from "../api-key.ts";
import { type NameMap, nameMapEntry } from "../name-map.ts";
import { stripeDialect } from "./stripe-dialect.ts";
import { defaultStripeValue, type StripeValue } from "./stripe-meter-event.ts";

export interface StripeTransportOptions extends Omit<HttpOptions, "headers" | "dedup" | "baseUrl"> {
  /** A secret or restricted key with permission to write meter events (`sk_…`, `rk_…`). */
  readonly apiKey: ApiKey;
  /** The connected account to act for (`acct_…`). */
  readonly account?: string | undefined;
  /** Sent as `Stripe-Version`. @default "2026-08-26.dahlia" */
  readonly apiVersion?: string | undefined;
  /** @default "https://api.stripe.com" */
  readonly baseUrl?: string | URL | undefined;
  /** The `event_name` of a meter's events, if it differs from the meter's id. */
  readonly eventNames?: NameMap | undefined;
  /** A meter's `customer_mapping.event_payload_key`. @default "stripe_customer_id" */
  readonly customerKey?: string | undefined;
  /** A meter's `value_settings.event_payload_key`. @default "value" */
  readonly valueKey?: string | undefined;
  /**
   * Returns the value of an event, a whole number ≥ 0 of at most 15 digits; undefined refuses the event.
   * @default total_usage, or the milliseconds from start_time to end_time
   */
  readonly value?: StripeValue | undefined;
  /** @default systemClock */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

const text = (pattern: RegExp, expected: string) => v.pipe(v.string(expected), v.regex(pattern, expected));
const payloadKey = (otherwise: string) =>
  v.optional(text(/^[^[\]]{1,100}$/, "a payload key without brackets"), otherwise);
const LONGEST_NAME = 100;

const { headers: _headers, dedup: _dedup, baseUrl, ...entries } = httpEntries;
const schema = v.strictObject({
  ...entries,
  baseUrl: v.optional(baseUrl, "https://api.stripe.com"),
  apiKey: apiKeyEntry,
  account: v.optional(text(/^\w+$/, "the id of an account, such as acct_123")),
  apiVersion: v.optional(text(/^[\w.-]+$/, "a version, such as 2026-08-26.dahlia"), "2026-08-26.dahlia"),
  eventNames: nameMapEntry(LONGEST_NAME),
  customerKey: payloadKey("stripe_customer_id"),
  valueKey: payloadKey("value"),
  value: v.optional(
    v.custom<StripeValue>((value) => typeof value === "function", "a function"),
    () => defaultStripeValue,
  ),
  clock: v.optional(
    v.custom<Pick<Clock, "now">>(
      (value) => typeof value === "object" && value !== null && "now" in value,
      "an object with now()",
    ),
    systemClock,
  ),
});

// "Within a rolling period of at least 24 hours": https://docs.stripe.com/api/billing/meter-event/create
const DEDUP_WINDOW_MS = 24 * 3_600_000;

/**
 * Sends events to Stripe as meter events (`POST /v1/billing/meter_events`), one per request. The customer of the lookup is Stripe's
 * (`cus_…`), the meter's id is the `event_name`, metadata becomes payload keys, and tenant and event id form the `identifier` that Stripe
 * counts once within 24 hours. An event can be cancelled within 24 hours
 * (`POST /v1/billing/meter_event_adjustments`), but not amended.
 *
 * Acknowledged means that Stripe accepted the event. It looks up customer and meter later, and reports errors with
 * `v1.billing.meter.error_report_triggered`.
 *
 * @throws MeterError `invalid_options` that names every invalid field
 *
 * @example
 * ```ts
 * const transport = stripeTransport({ apiKey: process.env.STRIPE_KEY ?? "" });
 * ```
 */
export const stripeTransport = (options: StripeTransportOptions): Transport => {
  const checked = checkHttpOptions(schema, options);
  const { apiKey, apiVersion, account, clock } = checked;
  const headers = bearer(apiKey, {
    "stripe-version": apiVersion,
    ...(account === undefined ? {} : { "stripe-account": account }),
  });
  return dialectTransport(stripeDialect(checked, clock), {
    ...checked,
    headers,
    dedup: { windowMs: DEDUP_WINDOW_MS, domain: `stripe ${checked.baseUrl} ${account ?? ""}` },
  });
};
