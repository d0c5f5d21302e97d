export {
  type Catalog,
  createEventId,
  defineCatalog,
  type EventInput,
  extendCatalog,
  type Health,
  isMeterError,
  litewaveCatalog,
  type Meter,
  MeterClient,
  MeterError,
  type MeterErrorCode,
  type MeterId,
  type PerformanceMeterId,
  type PostResult,
  pickRuleMeter,
  type Receipt,
  type SendResult,
  type Session,
  type VolumeMeterId,
} from "@meter-lib/core";
export { type IndexedDbOutboxOptions, indexedDbOutbox } from "@meter-lib/outbox-indexeddb";
export {
  type BeaconTransportOptions,
  beaconTransport,
  deliverThroughPageLife,
  relayCustomers,
  type TokenSource,
} from "@meter-lib/transport-beacon";
export { type BrowserMeterOptions, createBrowserMeter } from "./create-browser-meter.ts";
export {
  type BrowserMeter,
  createVolatileBrowserMeter,
  type VolatileBrowserMeterOptions,
} from "./volatile-browser-meter.ts";
