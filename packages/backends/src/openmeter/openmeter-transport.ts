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
import { type OpenMeterApi, openMeterDialect } from "./openmeter-dialect.ts";
import { defaultOpenMeterData, type OpenMeterDataOf } from "./openmeter-event.ts";

export interface OpenMeterTransportOptions extends Omit<HttpOptions, "headers"> {
  /**
   * Which API: `v1`; `v3`, also at `openmeter.cloud`; or `konnect`, with `baseUrl` as in `https://us.api.konghq.com`.
   * @default "v1"
   */
  readonly api?: OpenMeterApi | undefined;
  /** API key (`om_…`); without one, no credentials are sent, as to a self-hosted server. */
  readonly apiKey?: ApiKey | undefined;
  /** The prefix of every event's `source`; the tenant follows. A URI reference. @default "meter-lib" */
  readonly source?: string | undefined;
  /** The `type` of a meter's events (the `eventType` of OpenMeter's meter), if it differs from the meter's id. */
  readonly eventTypes?: NameMap | undefined;
  /**
   * The `data` of an event, for meters that read usage elsewhere: `({ total_usage }) => ({ tokens: total_usage })`.
   * @default all fields of the event: `total_usage`, or the times and `duration_ms`; tenant, device, session, metadata
   */
  readonly data?: OpenMeterDataOf | undefined;
}

const SOURCE = "a URI reference without a query or fragment, such as my-service";
const LONGEST_TYPE = 255;

const { headers: _, ...entries } = httpEntries;
const schema = v.strictObject({
  ...entries,
  api: v.optional(v.picklist(["v1", "v3", "konnect"], '"v1", "v3" or "konnect"'), "v1"),
  apiKey: v.optional(apiKeyEntry),
  source: v.optional(v.pipe(v.string(SOURCE), v.regex(/^[\w.~!$&'()*+,;=:@%/-]+$/, SOURCE)), "meter-lib"),
  eventTypes: nameMapEntry(LONGEST_TYPE),
  data: v.optional(
    v.custom<OpenMeterDataOf>((value) => typeof value === "function", "a function"),
    () => defaultOpenMeterData,
  ),
});

/**
 * Sends events to OpenMeter, up to 500 CloudEvents per request. `id` is the event's id, `subject` the customer, `type` the meter; usage is
 * in `data.total_usage`, measured time in `data.duration_ms`.
 *
 * `dedup` is `false` by default, because a self-hosted server drops repeats only if its `dedupe` (or `sink.dedupe`) is enabled; pass its
 * `expiration` as `windowMs`.
 *
 * @throws MeterError `invalid_options` that names every invalid field
 *
 * @example
 * ```ts
 * const transport = openMeterTransport({
 *   baseUrl: "https://openmeter.cloud",
 *   apiKey: process.env.OPENMETER_API_KEY,
 *   dedup: { windowMs: 32 * 86_400_000 },
 * });
 * ```
 */
export const openMeterTransport = (options: OpenMeterTransportOptions): Transport => {
  const checked = checkHttpOptions(schema, options);
  const { apiKey } = checked;
  return dialectTransport(openMeterDialect(checked, checked.api), {
    ...checked,
    headers: apiKey === undefined ? {} : bearer(apiKey),
  });
};
