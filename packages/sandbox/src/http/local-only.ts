import type { MiddlewareHandler } from "hono";
import type { SandboxEnv } from "./sandbox-context.ts";

const LOCAL_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;
const LOCAL_ORIGIN = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses requests that a foreign web page made: a name that its owner points at 127.0.0.1 (DNS rebinding) shows in
 * `Host`, a page elsewhere that posts here shows in `Origin`.
 */
export const localOnly: MiddlewareHandler<SandboxEnv> = async (c, next) => {
  const { host, origin } = c.env.incoming.headers;
  if (host === undefined || !LOCAL_HOST.test(host)) {
    return c.json({ error: "foreign_host", message: "Host: expected 127.0.0.1, localhost or [::1]" }, 403);
  }
  if (origin !== undefined && !LOCAL_ORIGIN.test(origin)) {
    return c.json({ error: "foreign_origin", message: "Origin: expected a page of this machine" }, 403);
  }
  return next();
};
