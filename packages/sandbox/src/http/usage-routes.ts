import { Hono } from "hono";
import * as v from "valibot";
import { checked } from "./checked-input.ts";
import { digits, optionalText } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

/** Which usage a request asks for. */
export const usageQuery = v.object({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: optionalText,
  from: v.optional(digits("from")),
  to: v.optional(digits("to")),
  by: v.optional(v.literal("hour", 'by: expected "hour"')),
});

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
};

const seriesQuery = v.object({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: v.string("meter_id: expected a meter's id, got nothing"),
  from: v.optional(digits("from")),
  to: v.optional(digits("to")),
  by: v.optional(v.picklist(["hour", "day"], 'by: expected "hour" or "day"'), "hour"),
  time_zone: v.optional(
    v.pipe(v.string(), v.check(isTimeZone, "time_zone: expected a name like Europe/Berlin")),
  ),
});

const ledgerQuery = v.object({ from: v.optional(digits("from")), to: v.optional(digits("to")) });

const idsQuery = v.object({
  tenant_id: v.string("tenant_id: expected a tenant's id, got nothing"),
  meter_id: v.string("meter_id: expected a meter's id, got nothing"),
  hour: v.pipe(v.optional(v.string(), ""), digits("hour")),
});

/** What was used, and what can be: rows per customer and meter, per hour, and the ledger to compare with. */
export const usageRoutes = ({ store, catalog }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/sandbox/v1/usage", (c) => c.json({ rows: store.usage.rows(checked(usageQuery, c.req.query())) }));
  app.get("/sandbox/v1/usage/series", (c) =>
    c.json({ series: store.series(checked(seriesQuery, c.req.query())) }),
  );
  app.get("/sandbox/v1/catalog", (c) =>
    c.json({ meters: Object.entries(catalog).map(([meter_id, meter]) => ({ meter_id, ...meter })) }),
  );
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
