import { Hono } from "hono";
import { checked } from "./checked-input.ts";
import { digits } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

/** API keys: lists existing keys by their last characters, and shows a new key once. */
export const apiKeyRoutes = ({ store, now }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/sandbox/v1/api-keys", (c) => c.json({ keys: store.apiKeys.list() }));
  app.post("/sandbox/v1/api-keys", (c) => c.json(store.apiKeys.add(now()), 201));
  app.delete("/sandbox/v1/api-keys/:id", (c) =>
    store.apiKeys.remove(checked(digits("id"), c.req.param("id"))) ? c.body(null, 204) : c.notFound(),
  );
  return app;
};
