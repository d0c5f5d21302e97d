export {
  type Account,
  type Catalog,
  type EventInput,
  isMeterError,
  MeterError,
  type MeterErrorCode,
  type MeterId,
  type PerformanceMeterId,
  type Receipt,
  type SendResult,
  type Session,
  type VolumeMeterId,
} from "@meter-lib/core";
export {
  type BrowserMeterOptions,
  createBrowserMeter,
  createVolatileBrowserMeter,
  type DeadLetter,
  type PageEvents,
  type PageMeter,
  type PageMeterOptions,
  type PageOutboxOptions,
} from "@meter-lib/page";
