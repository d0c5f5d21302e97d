export { type FastifyMetering, fastifyMetering } from "./fastify/fastify-metering.ts";
export type {
  MeteringOptions,
  MeterScope,
  TenantId,
  TenantMeter,
  Timing,
  Usage,
  UsageOf,
} from "./metering/metering-options.ts";
