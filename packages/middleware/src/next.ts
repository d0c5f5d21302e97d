export type {
  MeteringOptions,
  MeterScope,
  TenantId,
  TenantMeter,
  Timing,
  Usage,
  UsageOf,
} from "./metering/metering-options.ts";
export { type NextMetering, nextMetering } from "./next/next-metering.ts";
