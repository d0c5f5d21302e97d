import type { MiddlewareHandler } from "hono";
import type { SandboxEnv } from "./sandbox-context.ts";

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;
const LOCAL_ORIGIN = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

const isOwnOrigin = (origin: string, host: string | undefined): boolean =>
  LOCAL_ORIGIN.test(origin) || origin.replace(/^https?:\/\//i, "") === host;

/**
 * Refuses requests that a foreign web page made: a name that its owner points at 127.0.0.1 (DNS rebinding) shows in
 * `Host`, a page elsewhere that posts here shows in `Origin`, one that gets something in `Sec-Fetch-Site`; a link to the
 * dashboard may stand anywhere. Where other machines may come in, a host may have any name: there
 * the token keeps out who does not know it.
 */
export const localOnly =
  (anyHost: boolean): MiddlewareHandler<SandboxEnv> =>
  async (c, next) => {
    const { host, origin, "sec-fetch-site": site } = c.env.incoming.headers;
    if (!anyHost && (host === undefined || !LOCAL_HOST.test(host))) {
      return c.json({ error: "foreign_host", message: "Host: expected 127.0.0.1, localhost or [::1]" }, 403);
    }
    if (origin !== undefined && !isOwnOrigin(origin, anyHost ? host : undefined)) {
      return c.json({ error: "foreign_origin", message: "Origin: expected a page of this machine" }, 403);
    }
    if (origin === undefined && site === "cross-site" && c.req.path !== "/") {
      return c.json(
        { error: "foreign_site", message: "Sec-Fetch-Site: expected a page of this machine" },
        403,
      );
    }
    return next();
  };
