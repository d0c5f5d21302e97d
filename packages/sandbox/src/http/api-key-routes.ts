import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import * as v from "valibot";
import { checked } from "./checked-input.ts";
import { digits } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

const keyPath = v.strictObject({ id: digits });

/** API keys: lists existing keys by their last characters, and shows a new key once. */
export const apiKeyRoutes = ({ store, now }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/sandbox/v1/api-keys", (c) => c.json({ keys: store.apiKeys.list() }));
  app.post("/sandbox/v1/api-keys", (c) => c.json(store.apiKeys.add(now()), 201));
  app.delete("/sandbox/v1/api-keys/:id", (c) => {
    const { id } = checked(keyPath, c.req.param());
    if (!store.apiKeys.remove(id)) throw new HTTPException(404, { message: `There is no API key ${id}` });
    return c.body(null, 204);
  });
  return app;
};
