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
   * The handler with a meter: binds the request to its tenant, and records what `usage` says once the handler has answered with a 2xx, but
   * for a HEAD. The time ends when the handler has its response, before a streamed body.
   */
  route<RouteContext>(
    handler: NextRouteHandler<RouteContext>,
    usage?: UsageOf<C, Bound, [request: NextRequest, response: Response, timing: Timing]>,
  ): (request: NextRequest, context: RouteContext) => Promise<Response>;
  /**
   * The meter of a request; undefined when it has no tenant.
   * @throws MeterError `invalid_options` when the handler is not wrapped in `route`
   */
  of(request: NextRequest): TenantMeter<C, Bound> | undefined;
}

/**
 * Usage metering in route handlers of Next.js. Events are delivered in `after()`, which serverless platforms wait for.
 *
 * @example In `app/scan/route.ts`
 * ```ts
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
          // A body may still record while it streams. `after` calls back when it has ended.
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
    // Outside of a request of Next's (a test that calls the handler) events are delivered all the same, and nobody waits.
  }
};
