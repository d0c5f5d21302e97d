import type { Catalog, ContextKey } from "@meter-lib/core";
import type { Request, RequestHandler, Response } from "express";
import { isUse } from "../metering/is-use.ts";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering } from "../metering/request-metering.ts";

export interface ExpressMetering<C extends Catalog, Bound extends ContextKey> {
  /** Binds a request to its tenant's meter, for `of` and for the context. */
  readonly middleware: RequestHandler;
  /**
   * For a route: records what `usage` says once a 2xx was sent whole, but for a HEAD. A client that hangs up before is not metered here.
   * Brings the context back where a reader of the body lost it (multer, formidable, express-fileupload): put it behind them.
   */
  meter(usage: UsageOf<C, Bound, [request: Request, response: Response, timing: Timing]>): RequestHandler;
  /**
   * The meter of a request; undefined when it has no tenant.
   * @throws MeterError `invalid_options` when neither `middleware` nor `meter` ran before
   */
  of(request: Request): TenantMeter<C, Bound> | undefined;
}

/**
 * Usage metering in Express.
 *
 * @example
 * ```ts
 * const metering = expressMetering({ client, tenant: (request) => request.user?.tenant });
 * app.post("/scan", metering.meter(() => ({ meter_id: "page.processed.basic", total_usage: 1 })), scan);
 * ```
 */
export const expressMetering = <C extends Catalog, Bound extends ContextKey>(
  options: MeteringOptions<C, Bound, Request>,
): ExpressMetering<C, Bound> => {
  const metering = new RequestMetering(options);
  return {
    middleware: async (request, response, next) => {
      const { meter, first } = await metering.bind(request);
      if (meter !== undefined && first)
        response.once("close", () => metering.keepAlive(meter, Promise.resolve()));
      metering.within(meter, next);
    },
    meter: (usage) => async (request, response, next) => {
      const start_time = Date.now();
      const { meter, first } = await metering.bind(request);
      if (meter !== undefined) {
        let recorded = Promise.resolve();
        response.once("finish", () => {
          if (!isUse(request.method, response.statusCode)) return;
          const timing = { start_time, end_time: Math.max(start_time, Date.now()) };
          recorded = metering.record(meter, () => usage(request, response, timing));
          // An asynchronous usage function must be waited for, too, and the outer middleware does not know of it.
          if (!first) metering.keepAlive(meter, recorded);
        });
        if (first) response.once("close", () => metering.keepAlive(meter, recorded));
      }
      // Also when it was bound before: what read the body may have lost the context.
      metering.within(meter, next);
    },
    of: (request) => metering.of(request),
  };
};
