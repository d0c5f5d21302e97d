import { Hono } from "hono";
import * as v from "valibot";
import { isName, NAME_EXPECTED } from "../wire/field-issue.ts";
import { checked } from "./checked-input.ts";
import { limit, offset } from "./query-fields.ts";
import { readJson } from "./read-json.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

const name = (field: string) =>
  v.pipe(
    v.string(`${field}: expected ${NAME_EXPECTED}`),
    v.check((id: string) => isName(id), `${field}: expected ${NAME_EXPECTED}`),
  );

const tenantBody = v.object({ customer_id: name("customer_id") }, "The body: expected { customer_id }");

/** Without `limit`: all tenants. */
const tenantsQuery = v.object({
  search: v.optional(v.string(), ""),
  offset,
  limit: v.optional(limit),
});

/** Lists, assigns and removes tenants and their customers. */
export const tenantRoutes = ({ store, maxBodyBytes }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();

  app.get("/sandbox/v1/tenants", (c) => {
    const { search, offset, limit: size } = checked(tenantsQuery, c.req.query());
    if (size === undefined) return c.json({ tenants: store.accounts.list() });
    return c.json(store.accounts.search(search, offset, size));
  });

  app.get("/sandbox/v1/unknown-tenants", (c) => c.json({ tenants: store.unknownTenants.list() }));

  app.get("/sandbox/v1/tenants/:tenant_id", (c) => {
    const tenant_id = c.req.param("tenant_id");
    const customer_id = store.accounts.customerOf(tenant_id);
    return customer_id === undefined ? c.notFound() : c.json({ tenant_id, customer_id });
  });

  app.put("/sandbox/v1/tenants/:tenant_id", async (c) => {
    const tenant_id = checked(name("tenant_id"), c.req.param("tenant_id"));
    const { customer_id } = checked(
      tenantBody,
      await readJson(c.env.incoming, maxBodyBytes, "{ customer_id }"),
    );
    store.putTenant(tenant_id, customer_id);
    return c.json({ tenant_id, customer_id });
  });

  app.delete("/sandbox/v1/tenants/:tenant_id", (c) =>
    store.removeTenant(c.req.param("tenant_id")) ? c.body(null, 204) : c.notFound(),
  );

  return app;
};
