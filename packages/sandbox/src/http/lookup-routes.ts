import { type Context, Hono } from "hono";
import { refuse } from "../wire/refusal.ts";
import { describeRequest } from "./receive.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

// The Python library puts tenant ids into the path as they are, also with a slash inside.
const TENANT = ":tenant_id{.+}";

/** The four customer lookups: two internal ones, where a key is optional, and the portal's with either kind of key. */
export const lookupRoutes = (context: SandboxContext): Hono<SandboxEnv> => {
  const { store, keys, now, lookupAnswer } = context;
  const app = new Hono<SandboxEnv>();

  const lookup = (c: Context<SandboxEnv>, tenant_id: string, keyNeeded: boolean): Response => {
    const key = keys.stateOf(c.env.incoming.headers);
    if (key === "wrong" || (keyNeeded && key !== "right")) {
      const message = key === "wrong" ? "The API key is invalid" : "An API key is required";
      store.logRefusal(describeRequest(c.env.incoming, "lookup", now()), refuse(401, message));
      return c.json({ error: "unauthorized", message }, 401);
    }
    const customer_id = store.accounts.customerOf(tenant_id);
    if (customer_id === undefined) store.unknownTenants.note(tenant_id, now());
    const customer = customer_id === undefined ? undefined : { id: customer_id, tenant_id };
    if (lookupAnswer === "list") return c.json(customer === undefined ? [] : [customer]);
    return customer === undefined
      ? c.json({ error: "not_found", message: "No customer" }, 404)
      : c.json(customer);
  };

  app.get(`/api/v1/customer-accounts/tenant/${TENANT}`, (c) => lookup(c, c.req.param("tenant_id"), false));
  app.get(`/v1alpha1/customer-accounts/tenant/${TENANT}`, (c) => lookup(c, c.req.param("tenant_id"), false));
  app.get(`/metering/v1alpha1/customer-accounts/tenant/${TENANT}`, (c) =>
    lookup(c, c.req.param("tenant_id"), keys.required()),
  );
  return app;
};
