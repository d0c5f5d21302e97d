import type { Catalog, ContextKey } from "@meter-lib/core";
import type { Context, MiddlewareHandler } from "hono";
import type { EventRecorder } from "../metering/event-recorder.ts";
import { isUse } from "../metering/is-use.ts";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering, type WaitUntil } from "../metering/request-metering.ts";
import { watchBody } from "../metering/watch-body.ts";

export interface HonoMetering<C extends Catalog, Bound extends ContextKey> {
  /** Binds each request to its tenant's meter, for `of` and the context. */
  readonly middleware: MiddlewareHandler;
  /**
   * Records what `usage` returns after the handler returned a 2xx response, except for HEAD requests. `timing` ends when the handler
   * returns, before a streamed body.
   */
  meter(usage: UsageOf<C, Bound, [context: Context, timing: Timing]>): MiddlewareHandler;
  /**
   * Returns the meter of a request, or undefined if it has no tenant.
   *
   * @throws MeterError `invalid_options` if neither `middleware` nor `meter` ran before
   */
  of(context: Context): TenantMeter<C, Bound> | undefined;
}

/**
 * Meters requests in Hono. On runtimes with an execution context (Workers), it uses `waitUntil` of that context.
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
  /** Waits for the end of the body too, which may record while it streams. */
  const keepAlive = (context: Context, meter: EventRecorder, recorded: Promise<void>): void => {
    const waitUntil = metering.waitUntil(executionWaitUntil(context));
    if (waitUntil === undefined) return;
    // For a HEAD request, Hono drops the body of the GET handler, so it is never read.
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
      // The outer middleware does not wait for an asynchronous usage function, so this one does.
      else metering.keepAlive(meter, recorded, executionWaitUntil(context));
    },
    of: (context) => metering.of(context),
  };
};

// The getter throws if there is none.
const executionWaitUntil = (context: Context): WaitUntil | undefined => {
  try {
    const { executionCtx } = context;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    return undefined;
  }
};
