import { Hono, type MiddlewareHandler } from "hono";
import { etag } from "hono/etag";
import { HTTPException } from "hono/http-exception";
import { apiKeyRoutes } from "./api-key-routes.ts";
import { dashboardRoutes } from "./dashboard-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { exportRoutes } from "./export-routes.ts";
import { faultRoutes } from "./fault-routes.ts";
import { kafkaRestRoutes } from "./kafka-rest-routes.ts";
import { localOnly } from "./local-only.ts";
import { logRoutes } from "./log-routes.ts";
import { lookupRoutes } from "./lookup-routes.ts";
import { metricsRoutes } from "./metrics-routes.ts";
import { outboxRoutes } from "./outbox-routes.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";
import { streamRoutes } from "./stream-routes.ts";
import { tenantRoutes } from "./tenant-routes.ts";
import { usageRoutes } from "./usage-routes.ts";

const withTag = etag({ weak: true });

/** Sends no response that the client already has (ETag). A stream has no end, so it gets no tag. */
const onlyChanges: MiddlewareHandler<SandboxEnv> = (c, next) => {
  if (c.req.method !== "GET" || /^\/sandbox\/v1\/(stream|export\/)/.test(c.req.path)) return next();
  c.header("cache-control", "no-cache");
  return withTag(c, next);
};

const METHODS = ["GET", "POST", "PUT", "DELETE"] as const;

const ERRORS: Readonly<Record<number, string>> = { 404: "not_found", 409: "conflict", 413: "too_large" };

/** All routes of the sandbox. */
export const createApp = (context: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.use(localOnly(context.anyHost));
  app.use("/sandbox/v1/*", onlyChanges);
  // Must come before the routes that it disturbs.
  app.route("/", faultRoutes(context));
  app.route("/", eventRoutes(context));
  app.route("/", kafkaRestRoutes(context));
  app.route("/", lookupRoutes(context));
  app.route("/", usageRoutes(context));
  app.route("/", tenantRoutes(context));
  app.route("/", apiKeyRoutes(context));
  app.route("/", outboxRoutes(context));
  app.route("/", logRoutes(context));
  app.route("/", streamRoutes(context));
  app.route("/", exportRoutes(context));
  app.route("/", metricsRoutes(context));
  app.route("/", dashboardRoutes());
  app.get("/sandbox/v1/health", (c) => c.json({ status: "ok" }));
  app.post("/sandbox/v1/reset", (c) => {
    context.store.reset();
    context.faults.forget();
    return c.json({ status: "reset" });
  });
  app.notFound((c) => {
    const { method, path } = c.req;
    const allowed = METHODS.filter((other) =>
      // Middleware is of every method; a route is of one.
      app.router.match(other, path)[0].some(([[, route]]) => route.method === other),
    );
    if (allowed.length === 0)
      return c.json({ error: "not_found", message: `No such route: ${method} ${path}` }, 404);
    c.header("allow", allowed.join(", "));
    const message = `method: expected one of ${allowed.join(", ")} for ${path}, got ${method}`;
    return c.json({ error: "method_not_allowed", message }, 405);
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException)
      return c.json({ error: ERRORS[error.status] ?? "bad_request", message: error.message }, error.status);
    // The client disconnected before it had sent its request: nothing to answer, nothing stored.
    if (!c.env.incoming.complete) return c.body(null, 400);
    // The client gets no details, but the error is logged.
    console.error(error);
    return c.json({ error: "internal", message: "The sandbox failed. See its standard error" }, 500);
  });
  return app;
};
