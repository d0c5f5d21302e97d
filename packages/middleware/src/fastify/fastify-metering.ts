import type { Catalog, ContextKey } from "@meter-lib/core";
import type { FastifyReply, FastifyRequest, onResponseHookHandler, preHandlerHookHandler } from "fastify";
import { isUse } from "../metering/is-use.ts";
import type { MeteringOptions, TenantMeter, Timing, UsageOf } from "../metering/metering-options.ts";
import { RequestMetering } from "../metering/request-metering.ts";

export interface FastifyMetering<C extends Catalog, Bound extends ContextKey> {
  /** Hook that binds each request to its tenant's meter, for `of` and the context. It runs after `onRequest`, which authenticates. */
  readonly preHandler: preHandlerHookHandler;
  /**
   * Hook for a route: records what `usage` returns after a 2xx response was sent completely, except for HEAD requests. A client that
   * disconnects before is not metered. `timing` starts when the request arrived.
   */
  onResponse(
    usage: UsageOf<C, Bound, [request: FastifyRequest, reply: FastifyReply, timing: Timing]>,
  ): onResponseHookHandler;
  /**
   * Returns the meter of a request, or undefined if it has no tenant.
   *
   * @throws MeterError `invalid_options` if `preHandler` did not run before
   */
  of(request: FastifyRequest): TenantMeter<C, Bound> | undefined;
}

/**
 * Meters requests in Fastify.
 *
 * @example
 * ```ts
 * const metering = fastifyMetering({ client, tenant: (request) => request.user?.tenant });
 * app.post("/scan", { onResponse: metering.onResponse(() => ({ meter_id: "page.processed.basic", total_usage: 1 })) }, scan);
 * ```
 */
export const fastifyMetering = <C extends Catalog, Bound extends ContextKey>(
  options: MeteringOptions<C, Bound, FastifyRequest>,
): FastifyMetering<C, Bound> => {
  const metering = new RequestMetering(options);
  return {
    preHandler: (request, reply, done) => {
      void metering.bind(request).then(({ meter }) => {
        if (meter !== undefined && options.waitUntil !== undefined)
          reply.raw.once("close", () => metering.keepAlive(meter, Promise.resolve()));
        metering.within(meter, done);
      });
    },
    onResponse: (usage) => (request, reply, done) => {
      const end_time = Date.now();
      const start_time = end_time - Math.round(reply.elapsedTime);
      // Called while the hook runs, because `usage` may read the reply.
      if (reply.raw.writableFinished && isUse(request.method, reply.statusCode)) {
        const recorded = metering.bind(request).then(async ({ meter }) => {
          if (meter === undefined) return;
          const done = metering.record(meter, () => usage(request, reply, { start_time, end_time }));
          metering.keepAlive(meter, done);
          await done;
        });
        void recorded;
      }
      done();
    },
    of: (request) => metering.of(request),
  };
};
