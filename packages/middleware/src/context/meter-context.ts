import { AsyncLocalStorage } from "node:async_hooks";
import { type Catalog, type ContextKey, type MeterClient, MeterError } from "@meter-lib/core";
import type { MeterScope, TenantMeter } from "../metering/metering-options.ts";

/** Makes the current tenant's meter available to deep code, without passing it as an argument. */
export interface MeterContext<C extends Catalog, Bound extends ContextKey> extends MeterScope<C, Bound> {
  /** Runs `work`, and everything it starts, with this meter. Returns or throws what `work` does. Calls may be nested. */
  runWithMeter<Value>(meter: TenantMeter<C, Bound>, work: () => Value): Value;
  /** Runs `work` with the client's meter for a tenant. */
  runWithTenant<Value>(tenant_id: string, work: () => Value): Value;
  /**
   * Returns the current meter.
   *
   * @throws MeterError `invalid_options` outside `runWithMeter` and `runWithTenant`
   */
  currentMeter(): TenantMeter<C, Bound>;
  /** Returns the current meter, or undefined outside `runWithMeter` and `runWithTenant`. */
  findMeter(): TenantMeter<C, Bound> | undefined;
}

/**
 * Creates a context for the meters of a client, based on `AsyncLocalStorage` (Node, Bun, Deno, Workers with `nodejs_als`). Create one
 * per client, and pass it as `context` to the metering of your framework.
 *
 * @example
 * ```ts
 * export const { runWithTenant, currentMeter } = meterContext(client);
 * await runWithTenant("tenant_123", async () => {
 *   currentMeter().record({ meter_id: "page.processed.basic", total_usage: 24 });
 * });
 * ```
 */
export const meterContext = <C extends Catalog, Bound extends ContextKey>(
  client: MeterClient<C, Bound>,
): MeterContext<C, Bound> => {
  const storage = new AsyncLocalStorage<TenantMeter<C, Bound>>();
  return {
    runWithMeter: (meter, work) => storage.run(meter, work),
    runWithTenant: (tenant_id, work) => storage.run(client.with({ tenant_id }), work),
    findMeter: () => storage.getStore(),
    currentMeter: () => {
      const meter = storage.getStore();
      if (meter !== undefined) return meter;
      throw new MeterError(
        "invalid_options",
        "there is no meter here: currentMeter() works within runWithMeter(), runWithTenant(), or a metering with this context",
      );
    },
  };
};
