import { Hono } from "hono";
import * as v from "valibot";
import { checked } from "./checked-input.ts";
import { digits, optionalText } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

const usageQuery = v.object({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: optionalText,
  from: v.optional(digits("from")),
  to: v.optional(digits("to")),
  by: v.optional(v.literal("hour", 'by: expected "hour"')),
});

const ledgerQuery = v.object({ from: v.optional(digits("from")), to: v.optional(digits("to")) });

const idsQuery = v.object({
  tenant_id: v.string("tenant_id: expected a tenant's id, got nothing"),
  meter_id: v.string("meter_id: expected a meter's id, got nothing"),
  hour: v.pipe(v.optional(v.string(), ""), digits("hour")),
});

/** What was used: rows per customer and meter, per hour, and the ledger to compare with. */
export const usageRoutes = ({ store }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/sandbox/v1/usage", (c) => c.json({ rows: store.usage(checked(usageQuery, c.req.query())) }));
  app.get("/sandbox/v1/ledger", (c) => {
    const { from, to } = checked(ledgerQuery, c.req.query());
    return c.json({ rows: store.ledger.rows(from, to) });
  });
  app.get("/sandbox/v1/ledger/ids", (c) => {
    const { tenant_id, meter_id, hour } = checked(idsQuery, c.req.query());
    return c.json(store.ledger.ids(tenant_id, meter_id, hour));
  });
  return app;
};
