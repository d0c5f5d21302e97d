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
import { usageValue } from "../usage-value.ts";
import { autumnDialect } from "./autumn-dialect.ts";
import type { AutumnValue } from "./autumn-track.ts";

export interface AutumnTransportOptions extends Omit<HttpOptions, "headers" | "dedup" | "baseUrl"> {
  /** A secret key (`am_sk_…`). */
  readonly apiKey: ApiKey;
  /** @default "https://api.useautumn.com" */
  readonly baseUrl?: string | URL | undefined;
  /** Sent as `x-api-version`. @default "2.3.0" */
  readonly apiVersion?: string | undefined;
  /** The `feature_id` of a meter's events, if it differs from the meter's id. */
  readonly features?: NameMap | undefined;
  /**
   * Returns the value of an event, a number ≥ 0; undefined refuses the event.
   * @default total_usage, or the milliseconds from start_time to end_time
   */
  readonly value?: AutumnValue | undefined;
  /**
   * What happens to usage beyond the balance. `overflow` counts it in full, because it has happened; `cap`, Autumn's own default, counts
   * only what fits.
   * @default "overflow"
   */
  readonly overage?: "overflow" | "cap" | undefined;
}

const VERSION = "a version, such as 2.3.0";
const LONGEST_FEATURE = 255;
// The default of server/src/internal/misc/idempotency/resolveIdempotencyTtl.ts.
const DEDUP_WINDOW_MS = 24 * 3_600_000;

const { headers: _headers, dedup: _dedup, baseUrl, ...entries } = httpEntries;
const schema = v.strictObject({
  ...entries,
  baseUrl: v.optional(baseUrl, "https://api.useautumn.com"),
  apiKey: apiKeyEntry,
  apiVersion: v.optional(v.pipe(v.string(VERSION), v.regex(/^[\w.-]+$/, VERSION)), "2.3.0"),
  features: nameMapEntry(LONGEST_FEATURE),
  value: v.optional(
    v.custom<AutumnValue>((value) => typeof value === "function", "a function"),
    () => usageValue,
  ),
  overage: v.optional(v.picklist(["overflow", "cap"], '"overflow" or "cap"'), "overflow"),
});

/**
 * Sends events to Autumn (`POST /v1/balances.track`), one per request. The customer of the lookup is Autumn's customer, the meter's id the
 * `feature_id`; tenant and event id form the `Idempotency-Key` that Autumn counts once within 24 hours.
 *
 * Autumn forgets a key when it responds with an error. What it counted before it failed is counted again.
 *
 * @throws MeterError `invalid_options` that names every invalid field
 *
 * @example
 * ```ts
 * const transport = autumnTransport({ apiKey: process.env.AUTUMN_SECRET_KEY ?? "" });
 * ```
 */
export const autumnTransport = (options: AutumnTransportOptions): Transport => {
  const checked = checkHttpOptions(schema, options);
  return dialectTransport(autumnDialect(checked), {
    ...checked,
    headers: bearer(checked.apiKey, { "x-api-version": checked.apiVersion }),
    dedup: { windowMs: DEDUP_WINDOW_MS },
  });
};
