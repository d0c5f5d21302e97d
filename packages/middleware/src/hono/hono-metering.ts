import type { Catalog, ContextKey } from "@meter-lib/core";
import type { Context, MiddlewareHandler } from "hono";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering } from "../metering/request-metering.ts";

export interface HonoMetering<C extends Catalog, Bound extends ContextKey> {
  /** Binds a request to its tenant's meter, for `of` and for the context. */
  readonly middleware: MiddlewareHandler;
  /**
   * For a route: records what `usage` says once the handler has answered with a status below 400. The time ends when the
   * handler has its response, before a streamed body.
   */
  meter(usage: UsageOf<C, Bound, [context: Context, timing: Timing]>): MiddlewareHandler;
  /**
   * The meter of a request; undefined when it has no tenant.
   * @throws MeterError `invalid_options` when neither `middleware` nor `meter` ran before
   */
  of(context: Context): TenantMeter<C, Bound> | undefined;
}

/**
 * Usage metering in Hono. Where the runtime has an execution context (Workers), its `waitUntil` is used.
 *
 * @example
 * ```ts
 * const metering = honoMetering({ client, tenant: (c) => c.get("user")?.tenant });
 * app.post("/scan", metering.meter(() => ({ meter_id: "page.processed.basic", total_usage: 1 })), scan);
 * ```
 */
export const honoMetering = <C extends Catalog, Bound extends ContextKey>(
  options: MeteringOptions<C, Bound, Context>,
): HonoMetering<C, Bound> => {
  const metering = new RequestMetering(options);
  return {
    middleware: async (context, next) => {
      const { meter, first } = await metering.bind(context);
      await metering.within(meter, next);
      if (meter !== undefined && first)
        metering.keepAlive(meter, Promise.resolve(), executionWaitUntil(context));
    },
    meter: (usage) => async (context, next) => {
      const start_time = Date.now();
      const { meter, first } = await metering.bind(context);
      await (first ? metering.within(meter, next) : next());
      if (meter === undefined) return;
      const timing = { start_time, end_time: Math.max(start_time, Date.now()) };
      const recorded =
        context.error === undefined && context.res.status < 400
          ? metering.record(meter, () => usage(context, timing))
          : Promise.resolve();
      // An asynchronous usage function must be waited for, too, and the outer middleware does not know of it.
      metering.keepAlive(meter, recorded, executionWaitUntil(context));
    },
    of: (context) => metering.of(context),
  };
};

// The getter throws where there is none.
const executionWaitUntil = (context: Context): ((work: Promise<unknown>) => void) | undefined => {
  try {
    const { executionCtx } = context;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    return undefined;
  }
};
