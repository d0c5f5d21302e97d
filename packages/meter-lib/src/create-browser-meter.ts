import type { Catalog, litewaveCatalog } from "@meter-lib/core";
import { type IndexedDbOutboxOptions, indexedDbOutbox } from "@meter-lib/outbox-indexeddb";
import {
  type BrowserMeter,
  type VolatileBrowserMeterOptions,
  wireBrowserMeter,
} from "./volatile-browser-meter.ts";

export interface BrowserMeterOptions<C extends Catalog> extends VolatileBrowserMeterOptions<C> {
  /**
   * The database that keeps events until the relay has them, or `false` for none. Each tenant has its own, so that what one user left
   * behind never goes out under the token of the next.
   * @default one named after the tenant
   */
  readonly outbox?: IndexedDbOutboxOptions | false;
}

/**
 * All that a page needs to meter, in one call: events wait in IndexedDB, shared by the tabs of the origin, and go to your relay in
 * requests that outlive the page. The relay knows tenant, device and customer; the page looks nothing up.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const meter = createBrowserMeter({
 *   relayUrl: "/meter",
 *   tenant_id: "tenant_123",
 *   token: async () => (await fetch("/meter-token")).text(),
 * });
 * meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
 * ```
 */
export const createBrowserMeter = <const C extends Catalog = typeof litewaveCatalog>(
  options: BrowserMeterOptions<C>,
): BrowserMeter<C> => {
  const { outbox, ...rest } = options;
  const openOutbox = () => indexedDbOutbox({ name: `meter-lib ${options.tenant_id}`, ...outbox });
  return wireBrowserMeter(rest, outbox === false ? undefined : openOutbox);
};
