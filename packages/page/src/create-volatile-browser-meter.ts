import type { Catalog, LitewaveCatalog } from "@meter-lib/core";
import type { PageMeter } from "./page-meter.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";
import { wirePageMeter } from "./wire-page-meter.ts";

/**
 * Like `createBrowserMeter`, without a database: for pages where a small bundle matters more than events lost to a crash, a tab closed
 * offline or a long outage. A page still sends its events when it is left. Sessions are per page.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const meter = createVolatileBrowserMeter({ relayUrl: "/meter", tenant_id: "tenant_123", token: fetchPageToken });
 * ```
 */
export const createVolatileBrowserMeter = <const C extends Catalog = LitewaveCatalog>(
  options: PageMeterOptions<C>,
): PageMeter<C> => wirePageMeter(options);
