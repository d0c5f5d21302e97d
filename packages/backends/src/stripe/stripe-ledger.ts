import type { CustomerLookup, ReconcileBackend } from "@meter-lib/core";
import type { BackendLedgerRow } from "@meter-lib/core/store";
import * as v from "valibot";
import type { ApiKey } from "../api-key.ts";
import { askedRows } from "../ledger/asked-rows.ts";
import { jsonReader } from "../ledger/json-reader.ts";
import { type NameMap, nameOf } from "../name-map.ts";

export interface StripeLedgerOptions {
  /** An API key with permission to read meters. */
  readonly apiKey: ApiKey;
  /** Returns the Stripe customer (`cus_…`) of a tenant: the lookup of the client. */
  readonly customerLookup: CustomerLookup;
  /** The same as for the transport. */
  readonly eventNames?: NameMap | undefined;
  readonly account?: string | undefined;
  /** @default "2026-08-26.dahlia" */
  readonly apiVersion?: string | undefined;
  /** @default "https://api.stripe.com" */
  readonly baseUrl?: string | undefined;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const meters = v.object({
  data: v.array(v.object({ id: v.string(), event_name: v.string() })),
  has_more: v.boolean(),
});
const summaries = v.object({
  data: v.array(v.object({ id: v.string(), start_time: v.number(), aggregated_value: v.number() })),
  has_more: v.boolean(),
});

/**
 * Returns what Stripe counted, from its hourly event summaries: only sums, of meters that sum (`default_aggregation: sum`). Hours without
 * usage of volume meters are not compared: Stripe counts values, and measured times exist there only as values.
 *
 * Stripe aggregates for some minutes after it accepted an event, so the last hour may be incomplete.
 *
 * @example
 * ```ts
 * const result = await client.reconcile(stripeLedger({ apiKey: process.env.STRIPE_KEY ?? "", customerLookup }));
 * ```
 */
export const stripeLedger = (options: StripeLedgerOptions): ReconcileBackend => {
  const {
    apiKey,
    customerLookup,
    eventNames = {},
    account,
    apiVersion = "2026-08-26.dahlia",
    baseUrl = "https://api.stripe.com",
  } = options;
  const read = jsonReader({
    backend: "Stripe",
    baseUrl,
    apiKey,
    headers: {
      "stripe-version": apiVersion,
      ...(account === undefined ? {} : { "stripe-account": account }),
    },
    fetch: options.fetch,
  });

  const readMeters = async (): Promise<ReadonlyMap<string, string>> => {
    const ids = new Map<string, string>();
    let starting_after: string | undefined;
    for (;;) {
      const page = v.parse(
        meters,
        await read("/v1/billing/meters", { limit: 100, starting_after, status: "active" }),
      );
      for (const { id, event_name } of page.data) ids.set(event_name, id);
      starting_after = page.data.at(-1)?.id;
      if (!page.has_more || starting_after === undefined) return ids;
    }
  };

  return {
    ledger: async (_range, asked) => {
      const ids = await readMeters();
      const rows: BackendLedgerRow[] = [];
      for (const { tenant_id, customer_id, meter_id, from, to } of await askedRows(asked, customerLookup)) {
        const id = ids.get(nameOf(eventNames, meter_id));
        // Events whose name has no meter count for nothing.
        if (id === undefined) continue;
        let starting_after: string | undefined;
        for (;;) {
          const page = v.parse(
            summaries,
            await read(`/v1/billing/meters/${encodeURIComponent(id)}/event_summaries`, {
              customer: customer_id,
              start_time: from / 1_000,
              end_time: to / 1_000,
              value_grouping_window: "hour",
              limit: 100,
              starting_after,
            }),
          );
          for (const { start_time, aggregated_value } of page.data)
            rows.push({ tenant_id, meter_id, hour: start_time * 1_000, total_usage: aggregated_value });
          starting_after = page.data.at(-1)?.id;
          if (!page.has_more || starting_after === undefined) break;
        }
      }
      return rows;
    },
  };
};
