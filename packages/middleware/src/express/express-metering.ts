import type { Catalog, ContextKey } from "@meter-lib/core";
import type { Request, RequestHandler, Response } from "express";
import { isUse } from "../metering/is-use.ts";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering } from "../metering/request-metering.ts";

export interface ExpressMetering<C extends Catalog, Bound extends ContextKey> {
  /** Binds each request to its tenant's meter, for `of` and the context. */
  readonly middleware: RequestHandler;
  /**
   * Records what `usage` returns after a 2xx response was sent completely, except for HEAD requests. A client that disconnects before is
   * not metered. Place it after body parsers that lose the async context (multer, formidable, express-fileupload): it restores the
   * context.
   */
  meter(usage: UsageOf<C, Bound, [request: Request, response: Response, timing: Timing]>): RequestHandler;
  /**
   * Returns the meter of a request, or undefined if it has no tenant.
   *
   * @throws MeterError `invalid_options` if neither `middleware` nor `meter` ran before
   */
  of(request: Request): TenantMeter<C, Bound> | undefined;
}

/**
 * Meters requests in Express.
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
          // The outer middleware does not wait for an asynchronous usage function, so this one does.
          if (!first) metering.keepAlive(meter, recorded);
        });
        if (first) response.once("close", () => metering.keepAlive(meter, recorded));
      }
      // Even if it was bound before: a body parser may have lost the context.
      metering.within(meter, next);
    },
    of: (request) => metering.of(request),
  };
};
