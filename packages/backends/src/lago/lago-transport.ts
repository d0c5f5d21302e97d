import type { Transport } from "@meter-lib/core/transport";
import {
  checkHttpOptions,
  dialectTransport,
  type HttpOptions,
  httpEntries,
} from "@meter-lib/transport-fetch/dialect";
import * as v from "valibot";
import { type ApiKey, apiKeyEntry, bearer } from "../api-key.ts";
import { type NameMap, nameMapEntry } from "../name-map.ts";
import { lagoDialect } from "./lago-dialect.ts";
import { defaultLagoProperties, type LagoPropertiesOf } from "./lago-event.ts";

export interface LagoTransportOptions extends Omit<HttpOptions, "headers" | "baseUrl"> {
  readonly apiKey: ApiKey;
  /** @default "https://api.getlago.com" */
  readonly baseUrl?: string | URL | undefined;
  /** The `code` of a meter's billable metric, if it differs from the meter's id. */
  readonly codes?: NameMap | undefined;
  /**
   * The `properties` of an event, for metrics that read usage elsewhere: `({ total_usage }) => ({ tokens: total_usage })`.
   * @default metadata, and `total_usage` or the times and `duration_ms`
   */
  readonly properties?: LagoPropertiesOf | undefined;
}

const LONGEST_CODE = 255;
// The events table has a unique index and forgets nothing; with ClickHouse, an event with the same id and time overwrites.
const FOR_EVER = { windowMs: Number.MAX_SAFE_INTEGER };

const { headers: _headers, baseUrl, dedup, ...entries } = httpEntries;
const schema = v.strictObject({
  ...entries,
  baseUrl: v.optional(baseUrl, "https://api.getlago.com"),
  dedup: v.optional(dedup.wrapped, FOR_EVER),
  apiKey: apiKeyEntry,
  codes: nameMapEntry(LONGEST_CODE),
  properties: v.optional(
    v.custom<LagoPropertiesOf>((value) => typeof value === "function", "a function"),
    () => defaultLagoProperties,
  ),
});

/**
 * Sends events to Lago, up to 100 per request. The customer of the lookup is the `external_subscription_id`, the meter's id the metric's
 * `code`; tenant and event id form the `transaction_id` that Lago counts once. Usage is in `properties.total_usage`.
 *
 * Acknowledged means that Lago stored the event. It looks up the metric later, and reports errors with the webhook `events.errors`.
 *
 * @throws MeterError `invalid_options` that names every invalid field
 *
 * @example
 * ```ts
 * const transport = lagoTransport({ apiKey: process.env.LAGO_API_KEY ?? "" });
 * ```
 */
export const lagoTransport = (options: LagoTransportOptions): Transport => {
  const checked = checkHttpOptions(schema, options);
  return dialectTransport(lagoDialect(checked), { ...checked, headers: bearer(checked.apiKey) });
};
