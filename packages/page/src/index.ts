export type { BeaconTransportOptions, TokenSource } from "@meter-lib/transport-beacon";
export {
  type BrowserMeterOptions,
  createBrowserMeter,
  type PageOutboxOptions,
} from "./create-browser-meter.ts";
export { createVolatileBrowserMeter } from "./create-volatile-browser-meter.ts";
export type { DeadLetter, PageEvents, PageHealth } from "./delivery/page-events.ts";
export type { PageCloseOptions, PageClosing, PageReceipt } from "./delivery/page-receipt.ts";
export type { PageMeter } from "./page-meter.ts";
export type { PageMeterOptions } from "./page-meter-options.ts";
