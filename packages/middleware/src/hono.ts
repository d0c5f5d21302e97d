export { type HonoMetering, honoMetering } from "./hono/hono-metering.ts";
export type {
  MeteringOptions,
  MeterScope,
  TenantId,
  TenantMeter,
  Timing,
  Usage,
  UsageOf,
} from "./metering/metering-options.ts";
