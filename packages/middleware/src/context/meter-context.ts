import { AsyncLocalStorage } from "node:async_hooks";
import { type Catalog, type ContextKey, type MeterClient, MeterError } from "@meter-lib/core";
import type { MeterScope, TenantMeter } from "../metering/metering-options.ts";

/** The meter of whatever is being worked on, without handing it from function to function. */
export interface MeterContext<C extends Catalog, Bound extends ContextKey> extends MeterScope<C, Bound> {
  /** Runs `work`, and all that it starts, with this meter. Answers, or throws, what `work` does. The innermost meter counts. */
  runWithMeter<Value>(meter: TenantMeter<C, Bound>, work: () => Value): Value;
  /** The same with the client's meter for a tenant. */
  runWithTenant<Value>(tenant_id: string, work: () => Value): Value;
  /** @throws MeterError `invalid_options` outside of `runWithMeter` and `runWithTenant` */
  currentMeter(): TenantMeter<C, Bound>;
  /** The same, but undefined outside. */
  findMeter(): TenantMeter<C, Bound> | undefined;
}

/**
 * A context for the meters of a client, on `AsyncLocalStorage` (Node, Bun, Deno, Workers with `nodejs_als`). Make one for a client, beside
 * it, and give it to the metering of your framework as `context`.
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
