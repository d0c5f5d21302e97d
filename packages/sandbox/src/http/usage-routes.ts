import { Hono } from "hono";
import * as v from "valibot";
import type { GroupBy } from "../store/usage-series.ts";
import type { TotalsRow } from "../store/usage-totals.ts";
import { checked } from "./checked-input.ts";
import { digits, offset, oneOf, optionalText, pageLimit, requiredText, timeRange } from "./query-fields.ts";
import type { SandboxContext, SandboxEnv } from "./sandbox-context.ts";

/** The usage that a request asks for. */
export const usageQuery = v.strictObject({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: optionalText,
  ...timeRange,
  by: v.optional(oneOf(["hour"])),
});

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
};

const METADATA = "metadata.";

const groupBy = v.optional(
  v.pipe(
    v.string(),
    v.check(
      (text) => text === "customer" || text === "tenant" || (text.startsWith(METADATA) && text !== METADATA),
      "customer, tenant or metadata.KEY",
    ),
    v.transform(
      (text): GroupBy =>
        text === "customer" || text === "tenant" ? text : { key: text.slice(METADATA.length) },
    ),
  ),
);

const seriesQuery = v.strictObject({
  tenant_id: optionalText,
  customer_id: optionalText,
  meter_id: requiredText("a meter's id"),
  ...timeRange,
  by: v.optional(oneOf(["hour", "day"]), "hour"),
  group_by: groupBy,
  time_zone: v.optional(v.pipe(v.string(), v.check(isTimeZone, "a name like Europe/Berlin"))),
});

const TOTALS_SORTS = [
  "id",
  "total_usage",
  "duration_ms",
  "events",
  "duplicates",
  "conflicts",
  "late",
  "customers",
  "tenants",
  "meters",
] as const satisfies readonly (keyof TotalsRow)[];

const totalsQuery = v.strictObject({
  ...v.omit(usageQuery, ["by"]).entries,
  by: oneOf(["customer", "tenant", "meter"]),
  search: optionalText,
  sort: v.optional(oneOf(TOTALS_SORTS), "events"),
  order: v.optional(oneOf(["asc", "desc"]), "desc"),
  offset,
  limit: pageLimit,
});

const figuresQuery = v.strictObject({
  ...v.omit(usageQuery, ["by", "to"]).entries,
  to: digits,
});

const keysQuery = v.strictObject({ meter_id: requiredText("a meter's id") });

const ledgerQuery = v.strictObject(timeRange);

const idsQuery = v.strictObject({
  tenant_id: requiredText("a tenant's id"),
  meter_id: requiredText("a meter's id"),
  hour: digits,
});

/** Usage by customer, meter and hour, the meters themselves, and the ledger for a reconciliation. */
export const usageRoutes = ({ store, catalog }: SandboxContext): Hono<SandboxEnv> => {
  const app = new Hono<SandboxEnv>();
  app.get("/sandbox/v1/usage", (c) => c.json({ rows: store.usage.rows(checked(usageQuery, c.req.query())) }));
  app.get("/sandbox/v1/usage/series", (c) => {
    const query = checked(seriesQuery, c.req.query());
    const series = store.series(query);
    if (query.group_by !== undefined) return c.json({ series });
    return c.json({ series: series.map(({ group, points }) => ({ customer_id: group, points })) });
  });
  app.get("/sandbox/v1/usage/totals", (c) => {
    const { order, ...query } = checked(totalsQuery, c.req.query());
    return c.json(store.totals({ ...query, descending: order === "desc" }));
  });
  app.get("/sandbox/v1/usage/figures", (c) => c.json(store.figures(checked(figuresQuery, c.req.query()))));
  app.get("/sandbox/v1/usage/keys", (c) =>
    c.json({ keys: store.labelKeys(checked(keysQuery, c.req.query()).meter_id) }),
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
