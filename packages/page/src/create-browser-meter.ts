import type { Catalog, LitewaveCatalog } from "@meter-lib/core";
import { durableOutbox } from "./database/durable-outbox.ts";
import type { PageMeter } from "./page-meter.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";
import { wirePageMeter } from "./wire-page-meter.ts";

export interface PageOutboxOptions {
  /** The database's name: pages of one origin with the same name share events and sessions. @default one per tenant and subject */
  readonly name?: string;
  /** How long opening may take, in milliseconds; after that, the database counts as failed. @default 5,000 */
  readonly openTimeoutMs?: number;
  /**
   * Only for browsers without Web Locks: a page without a sign of life for this long, in milliseconds, counts as dead. Browsers wake hidden
   * pages once a minute.
   * @default 90,000
   */
  readonly leaseMs?: number;
}

export interface BrowserMeterOptions<C extends Catalog = LitewaveCatalog> extends PageMeterOptions<C> {
  /**
   * The database that keeps events until the relay has them, or `false` for none. Each tenant and subject has its own, so that events which
   * one user left wait for that user.
   */
  readonly outbox?: PageOutboxOptions | false;
}

/**
 * Creates the client of a page. Events wait in IndexedDB, shared by the tabs of the origin, and go to your relay in requests that outlive
 * the page. The relay knows tenant, device and customer; the page looks nothing up.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const meter = createBrowserMeter({
 *   relayUrl: "/meter",
 *   tenant_id: "tenant_123",
 *   subject: "user_7",
 *   token: async () => (await fetch("/meter-token")).text(),
 * });
 * meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
 * ```
 */
export const createBrowserMeter = <const C extends Catalog = LitewaveCatalog>(
  options: BrowserMeterOptions<C>,
): PageMeter<C> => {
  const { outbox = {}, tenant_id, subject = "" } = options;
  if (outbox === false) return wirePageMeter(options);
  const {
    name = `meter-lib page ${tenant_id} ${subject}`.trim(),
    openTimeoutMs = 5_000,
    leaseMs = 90_000,
  } = outbox;
  return wirePageMeter(options, durableOutbox({ name, openTimeoutMs, leaseMs }));
};
