import type { Catalog, ContextKey } from "@meter-lib/core";
import { after, type NextRequest } from "next/server.js";
import { isUse } from "../metering/is-use.ts";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering } from "../metering/request-metering.ts";
import { type WatchedBody, watchBody } from "../metering/watch-body.ts";

/** A route handler of the App Router. */
export type NextRouteHandler<RouteContext> = (
  request: NextRequest,
  context: RouteContext,
) => Response | Promise<Response>;

export interface NextMetering<C extends Catalog, Bound extends ContextKey> {
  /**
   * Wraps a route handler: binds the request to its tenant, and records what `usage` returns after the handler returned a 2xx response,
   * except for HEAD requests. `timing` ends when the handler returns, before a streamed body.
   */
  route<RouteContext>(
    handler: NextRouteHandler<RouteContext>,
    usage?: UsageOf<C, Bound, [request: NextRequest, response: Response, timing: Timing]>,
  ): (request: NextRequest, context: RouteContext) => Promise<Response>;
  /**
   * Returns the meter of a request, or undefined if it has no tenant.
   *
   * @throws MeterError `invalid_options` if the handler is not wrapped in `route`
   */
  of(request: NextRequest): TenantMeter<C, Bound> | undefined;
}

/**
 * Meters route handlers in Next.js. Delivers events in `after()`, which serverless platforms wait for.
 *
 * @example
 * ```ts
 * // app/scan/route.ts
 * const metering = nextMetering({ client, tenant: async () => (await auth())?.tenant });
 * export const POST = metering.route(scan, () => ({ meter_id: "page.processed.basic", total_usage: 1 }));
 * ```
 */
export const nextMetering = <C extends Catalog, Bound extends ContextKey>(
  options: MeteringOptions<C, Bound, NextRequest>,
): NextMetering<C, Bound> => {
  const metering = new RequestMetering(options);
  return {
    route: (handler, usage) => async (request, context) => {
      const start_time = Date.now();
      const { meter } = await metering.bind(request);
      let recorded = Promise.resolve();
      let answer: WatchedBody | undefined;
      try {
        const response = await metering.within(meter, () => handler(request, context));
        const timing = { start_time, end_time: Math.max(start_time, Date.now()) };
        if (meter !== undefined && usage !== undefined && isUse(request.method, response.status))
          recorded = metering.record(meter, () => usage(request, response, timing));
        if (meter === undefined || options.waitUntil === undefined || request.method === "HEAD")
          return response;
        answer = watchBody(response);
        return answer.response;
      } finally {
        if (meter !== undefined) {
          // A body may record while it streams. `after` runs when it has ended.
          metering.keepAlive(meter, Promise.all([recorded, answer?.ended]));
          if (options.waitUntil === undefined) afterResponse(() => metering.deliver(meter, recorded));
        }
      }
    },
    of: (request) => metering.of(request),
  };
};

const afterResponse = (deliver: () => Promise<void>): void => {
  try {
    after(deliver);
  } catch {
    // Outside a Next.js request, as in a test that calls the handler, events are delivered without anyone waiting.
  }
};
