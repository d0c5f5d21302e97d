import type { Catalog, LitewaveCatalog } from "@meter-lib/core";
import type { PageMeter } from "./page-meter.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";
import { wirePageMeter } from "./wire-page-meter.ts";

/**
 * `createBrowserMeter` without a database, for pages where a smaller bundle matters more than what a crash, a tab closed offline or
 * a long outage loses. A page that is left still sends what it has. Each page's sessions are its own.
 *
 * @throws MeterError `invalid_options`
 */
export const createVolatileBrowserMeter = <const C extends Catalog = LitewaveCatalog>(
  options: PageMeterOptions<C>,
): PageMeter<C> => wirePageMeter(options);
