export { type ExpressMetering, expressMetering } from "./express/express-metering.ts";
export type {
  MeteringOptions,
  MeterScope,
  TenantId,
  TenantMeter,
  Timing,
  Usage,
  UsageOf,
} from "./metering/metering-options.ts";
