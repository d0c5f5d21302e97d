export { type MeterContext, meterContext } from "./context/meter-context.ts";
export type { MeterScope, TenantMeter } from "./metering/metering-options.ts";
