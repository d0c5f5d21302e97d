import type { Catalog, ContextKey } from "@meter-lib/core";
import type { Request, RequestHandler, Response } from "express";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering } from "../metering/request-metering.ts";

export interface ExpressMetering<C extends Catalog, Bound extends ContextKey> {
  /** Binds a request to its tenant's meter, for `of` and for the context. */
  readonly middleware: RequestHandler;
  /**
   * For a route: records what `usage` says once a response with a status below 400 was sent whole. A client that hangs up
   * before is not metered here.
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
        response.once("finish", () => metering.keepAlive(meter, Promise.resolve()));
      metering.within(meter, next);
    },
    meter: (usage) => async (request, response, next) => {
      const start_time = Date.now();
      const { meter, first } = await metering.bind(request);
      if (meter !== undefined) {
        response.once("finish", () => {
          const timing = { start_time, end_time: Math.max(start_time, Date.now()) };
          const recorded =
            response.statusCode < 400
              ? metering.record(meter, () => usage(request, response, timing))
              : Promise.resolve();
          metering.keepAlive(meter, recorded);
        });
      }
      if (first) metering.within(meter, next);
      else next();
    },
    of: (request) => metering.of(request),
  };
};
