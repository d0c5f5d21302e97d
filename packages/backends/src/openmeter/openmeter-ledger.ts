import type { CustomerLookup, ReconcileBackend } from "@meter-lib/core";
import type { BackendLedgerRow, LedgerKey } from "@meter-lib/core/store";
import { HOUR_MS } from "@meter-lib/core/wire";
import * as v from "valibot";
import type { ApiKey } from "../api-key.ts";
import { askedRows, customerFor } from "../ledger/asked-rows.ts";
import { BackendError, jsonReader } from "../ledger/json-reader.ts";
import { type NameMap, nameOf } from "../name-map.ts";
import { tenantOfSource } from "./openmeter-event.ts";
import { ingestedEvents } from "./openmeter-ingested.ts";

export interface OpenMeterLedgerOptions {
  /** Of OpenMeter's cloud, or of a server of one's own that has both of its APIs, v1 and v3. */
  readonly baseUrl: string;
  readonly apiKey?: ApiKey | undefined;
  /** Which `subject` a tenant is: the lookup that the client has. */
  readonly customerLookup: CustomerLookup;
  /** The slug of the meter that adds a meter's usage up, where it is not the meter's id. */
  readonly meters?: NameMap | undefined;
  /** As the transport has them. */
  readonly eventTypes?: NameMap | undefined;
  /** The same as for the transport. @default "meter-lib" */
  readonly source?: string | undefined;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const queried = v.object({
  data: v.array(v.object({ value: v.number(), windowStart: v.pipe(v.string(), v.isoTimestamp()) })),
});

/**
 * What OpenMeter counted: sums from the query of its meters, and, where they differ, ids from its list of events without those that it
 * found wrong. The meters must add up what the transport sends (`SUM` of `$.total_usage`).
 *
 * @example
 * ```ts
 * const backend = openMeterLedger({ baseUrl: "https://openmeter.cloud", apiKey: process.env.OPENMETER_API_KEY, customerLookup });
 * const result = await client.reconcile(backend);
 * ```
 */
export const openMeterLedger = (options: OpenMeterLedgerOptions): ReconcileBackend => {
  const { baseUrl, apiKey, customerLookup, meters = {}, eventTypes = {}, source = "meter-lib" } = options;
  const read = jsonReader({ backend: "OpenMeter", baseUrl, apiKey, fetch: options.fetch });
  return {
    ledger: async (_range, asked) => {
      const rows: BackendLedgerRow[] = [];
      for (const { tenant_id, customer_id, meter_id, from, to } of await askedRows(asked, customerLookup)) {
        const slug = encodeURIComponent(nameOf(meters, meter_id));
        const answer = await read(`/api/v1/meters/${slug}/query`, {
          from: new Date(from).toISOString(),
          to: new Date(to).toISOString(),
          windowSize: "HOUR",
          subject: customer_id,
        }).catch((error: unknown) => {
          // A meter that is not there counts nothing.
          if (error instanceof BackendError && error.status === 404) return { data: [] };
          throw error;
        });
        for (const { value, windowStart } of v.parse(queried, answer).data)
          rows.push({ tenant_id, meter_id, hour: Date.parse(windowStart), total_usage: value });
      }
      return rows;
    },
    ids: async ({ tenant_id, meter_id, hour }: LedgerKey) => {
      const subject = await customerFor(tenant_id, customerLookup);
      if (subject === undefined) return [];
      const ids: string[] = [];
      const params = {
        "filter[type][eq]": nameOf(eventTypes, meter_id),
        "filter[subject][eq]": subject,
        "filter[time][gte]": new Date(hour).toISOString(),
        sort: "time asc",
      };
      for await (const { event, validation_errors = [] } of ingestedEvents(read, params)) {
        if (Date.parse(event.time ?? "") >= hour + HOUR_MS) break;
        if ((validation_errors ?? []).length === 0 && tenantOfSource(source, event.source) === tenant_id)
          ids.push(event.id);
      }
      return ids;
    },
  };
};
