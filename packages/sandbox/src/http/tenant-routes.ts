import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import * as v from "valibot";
import { isName, NAME_EXPECTED } from "../wire/field-issue.ts";
import { checked, checkedBody } from "./checked-input.ts";
import { limit, offset } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

const name = v.pipe(
  v.string(NAME_EXPECTED),
  v.check((text: string) => isName(text), NAME_EXPECTED),
);

/** In the query: a path with the id `..` is another path for everyone who sends it. */
const tenantQuery = v.strictObject({ tenant_id: name });

const tenantBody = v.strictObject({ customer_id: name });

const noTenant = (tenant_id: string) =>
  new HTTPException(404, { message: `There is no tenant ${JSON.stringify(tenant_id)}` });

/** Without `limit`: all tenants. */
const tenantsQuery = v.strictObject({
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

  app.get("/sandbox/v1/tenant", (c) => {
    const { tenant_id } = checked(tenantQuery, c.req.query());
    const customer_id = store.accounts.customerOf(tenant_id);
    if (customer_id === undefined) throw noTenant(tenant_id);
    return c.json({ tenant_id, customer_id });
  });

  app.put("/sandbox/v1/tenant", async (c) => {
    const { tenant_id } = checked(tenantQuery, c.req.query());
    const { customer_id } = await checkedBody(tenantBody, c.env.incoming, maxBodyBytes);
    store.putTenant(tenant_id, customer_id);
    return c.json({ tenant_id, customer_id });
  });

  app.delete("/sandbox/v1/tenant", (c) => {
    const { tenant_id } = checked(tenantQuery, c.req.query());
    if (!store.removeTenant(tenant_id)) throw noTenant(tenant_id);
    return c.body(null, 204);
  });

  return app;
};
