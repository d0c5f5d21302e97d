import type { CustomerLookup, ReconcileBackend } from "@meter-lib/core";
import type { BackendLedgerRow, LedgerKey } from "@meter-lib/core/store";
import { HOUR_MS, startOfHour } from "@meter-lib/core/wire";
import * as v from "valibot";
import type { ApiKey } from "../api-key.ts";
import { askedRows, customerFor } from "../ledger/asked-rows.ts";
import { jsonReader } from "../ledger/json-reader.ts";
import { type NameMap, nameOf } from "../name-map.ts";
import { parseScopedId } from "../scoped-id.ts";

export interface LagoLedgerOptions {
  readonly apiKey: ApiKey;
  /** Returns the `external_subscription_id` of a tenant: the lookup of the client. */
  readonly customerLookup: CustomerLookup;
  /** The same as for the transport. */
  readonly codes?: NameMap | undefined;
  /** The property that a metric sums. @default "total_usage" */
  readonly usageProperty?: string | undefined;
  /** @default "https://api.getlago.com" */
  readonly baseUrl?: string | undefined;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

const meta = v.object({ total_pages: v.number() });
const events = v.object({
  events: v.array(
    v.object({
      transaction_id: v.string(),
      timestamp: v.pipe(v.string(), v.isoTimestamp()),
      properties: v.nullish(v.record(v.string(), v.unknown())),
    }),
  ),
  meta,
});
const metrics = v.object({ billable_metrics: v.array(v.object({ code: v.string() })), meta });

const PAGE = 100;

/**
 * Returns what Lago counted, event by event, from its list of events. Lago also stores events whose code has no billable metric; they do
 * not count, here or there. Wrong filters or properties are reported by webhook only.
 *
 * @example
 * ```ts
 * const result = await client.reconcile(lagoLedger({ apiKey: process.env.LAGO_API_KEY ?? "", customerLookup }));
 * ```
 */
export const lagoLedger = (options: LagoLedgerOptions): ReconcileBackend => {
  const {
    apiKey,
    customerLookup,
    codes = {},
    usageProperty = "total_usage",
    baseUrl = "https://api.getlago.com",
  } = options;
  const read = jsonReader({ backend: "Lago", baseUrl, apiKey, fetch: options.fetch });

  const readCodes = async (): Promise<ReadonlySet<string>> => {
    const known = new Set<string>();
    for (let page = 1; ; page++) {
      const answer = v.parse(metrics, await read("/api/v1/billable_metrics", { page, per_page: PAGE }));
      for (const { code } of answer.billable_metrics) known.add(code);
      if (page >= answer.meta.total_pages) return known;
    }
  };

  /** Returns events of one subscription and metric from `from` up to, but not including, `to`. */
  const readEvents = async function* (subscription: string, code: string, from: number, to: number) {
    for (let page = 1; ; page++) {
      const answer = v.parse(
        events,
        await read("/api/v1/events", {
          external_subscription_id: subscription,
          code,
          timestamp_from: new Date(from).toISOString(),
          timestamp_to: new Date(to - 1).toISOString(),
          page,
          per_page: PAGE,
        }),
      );
      yield* answer.events;
      if (page >= answer.meta.total_pages) return;
    }
  };

  return {
    ledger: async (_range, asked) => {
      const known = await readCodes();
      const rows: BackendLedgerRow[] = [];
      for (const { tenant_id, customer_id, meter_id, from, to } of await askedRows(asked, customerLookup)) {
        const code = nameOf(codes, meter_id);
        if (!known.has(code)) continue;
        const hours = new Map<number, { events: number; total_usage: number }>();
        for await (const { timestamp, properties } of readEvents(customer_id, code, from, to)) {
          const hour = startOfHour(Date.parse(timestamp));
          const sum = hours.get(hour) ?? { events: 0, total_usage: 0 };
          hours.set(hour, sum);
          sum.events++;
          const usage = Number(properties?.[usageProperty] ?? 0);
          sum.total_usage += Number.isFinite(usage) ? usage : 0;
        }
        for (const [hour, sum] of hours) rows.push({ tenant_id, meter_id, hour, ...sum });
      }
      return rows;
    },
    ids: async ({ tenant_id, meter_id, hour }: LedgerKey) => {
      const subscription = await customerFor(tenant_id, customerLookup);
      const code = nameOf(codes, meter_id);
      if (subscription === undefined || !(await readCodes()).has(code)) return [];
      const ids: string[] = [];
      for await (const { transaction_id } of readEvents(subscription, code, hour, hour + HOUR_MS))
        ids.push(parseScopedId(transaction_id)?.event_id ?? transaction_id);
      return ids;
    },
  };
};
