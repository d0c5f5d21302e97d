import type { Clock } from "@meter-lib/core";
import { systemClock } from "@meter-lib/core/transport";
import type { ApiKey } from "../api-key.ts";
import { type LateRejection, type LateReport, type Refuter, refuteLate } from "../late/refuter.ts";
import { jsonReader } from "../ledger/json-reader.ts";
import { tenantOfSource } from "./openmeter-event.ts";
import { ingestedEvents } from "./openmeter-ingested.ts";

export interface OpenMeterLateRejectionsOptions {
  /** The client whose events they are. */
  readonly client: Refuter;
  readonly baseUrl: string;
  readonly apiKey?: ApiKey | undefined;
  /** The same as for the transport. @default "meter-lib" */
  readonly source?: string | undefined;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** @default systemClock */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

export interface PollOptions {
  /** Events that were ingested from then on are looked at, in milliseconds since the epoch. @default 24 hours ago */
  readonly since?: number | undefined;
}

const DAY_MS = 86_400_000;

/**
 * Looks through the events that OpenMeter has ingested for those that it found wrong, and has them taken back. OpenMeter has no webhook
 * for that. To be called now and then; what was found before changes nothing.
 *
 * @example
 * ```ts
 * const poll = openMeterLateRejections({ client, baseUrl: "https://openmeter.cloud", apiKey: process.env.OPENMETER_API_KEY });
 * const { refuted, unresolved } = await poll();
 * ```
 */
export const openMeterLateRejections = (
  options: OpenMeterLateRejectionsOptions,
): ((poll?: PollOptions) => Promise<LateReport>) => {
  const { client, baseUrl, apiKey, source = "meter-lib", clock = systemClock } = options;
  const read = jsonReader({ backend: "OpenMeter", baseUrl, apiKey, fetch: options.fetch });
  return async ({ since = clock.now() - DAY_MS } = {}) => {
    const events: LateRejection[] = [];
    const params = { "filter[ingested_at][gte]": new Date(since).toISOString(), sort: "ingested_at asc" };
    for await (const { event, validation_errors } of ingestedEvents(read, params)) {
      if (!validation_errors || validation_errors.length === 0) continue;
      events.push({
        id: `${event.source}${event.id}`,
        tenant_id: tenantOfSource(source, event.source),
        event_id: event.id,
        reason: validation_errors.map(({ code, message }) => `${code}: ${message}`).join("; "),
      });
    }
    return refuteLate(client, "OpenMeter", { events, unnamed: [] });
  };
};
