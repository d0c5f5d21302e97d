import type { Catalog, ContextKey } from "@meter-lib/core";
import type { Context, MiddlewareHandler } from "hono";
import type { EventRecorder } from "../metering/event-recorder.ts";
import { isUse } from "../metering/is-use.ts";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering, type WaitUntil } from "../metering/request-metering.ts";
import { watchBody } from "../metering/watch-body.ts";

export interface HonoMetering<C extends Catalog, Bound extends ContextKey> {
  /** Binds a request to its tenant's meter, for `of` and for the context. */
  readonly middleware: MiddlewareHandler;
  /**
   * For a route: records what `usage` says once the handler has answered with a 2xx, but for a HEAD. The time ends when the handler has
   * its response, before a streamed body.
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
  /** A body may still record while it streams, so the runtime waits for its end, too. */
  const keepAlive = (context: Context, meter: EventRecorder, recorded: Promise<void>): void => {
    const waitUntil = metering.waitUntil(executionWaitUntil(context));
    if (waitUntil === undefined) return;
    // Hono answers a HEAD without the body that the handler of GET made, and nobody reads it.
    const isHead = context.req.method === "HEAD";
    const { response, ended } = isHead ? { response: context.res, ended: recorded } : watchBody(context.res);
    if (response !== context.res) context.res = response;
    metering.keepAlive(meter, Promise.all([recorded, ended]), waitUntil);
  };
  return {
    middleware: async (context, next) => {
      const { meter, first } = await metering.bind(context);
      await metering.within(meter, next);
      if (meter !== undefined && first) keepAlive(context, meter, Promise.resolve());
    },
    meter: (usage) => async (context, next) => {
      const start_time = Date.now();
      const { meter, first } = await metering.bind(context);
      await metering.within(meter, next);
      if (meter === undefined) return;
      const timing = { start_time, end_time: Math.max(start_time, Date.now()) };
      const recorded =
        context.error === undefined && isUse(context.req.method, context.res.status)
          ? metering.record(meter, () => usage(context, timing))
          : Promise.resolve();
      if (first) keepAlive(context, meter, recorded);
      // An asynchronous usage function must be waited for, too, and the outer middleware does not know of it.
      else metering.keepAlive(meter, recorded, executionWaitUntil(context));
    },
    of: (context) => metering.of(context),
  };
};

// The getter throws where there is none.
const executionWaitUntil = (context: Context): WaitUntil | undefined => {
  try {
    const { executionCtx } = context;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    return undefined;
  }
};
