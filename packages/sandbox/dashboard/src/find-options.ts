import type { TotalsBy } from "../../src/store/usage-totals.ts";
import { catalogShape, tenantsShape, totalsShape } from "./answer-shapes.ts";
import { ask, withQuery } from "./ask.ts";
import type { FindOptions } from "./combobox.tsx";

const SHOWN = 20;

const findUsed =
  (by: TotalsBy): FindOptions =>
  async (search) => {
    const { rows } = await ask(
      withQuery("sandbox/v1/usage/totals", { by, search, limit: SHOWN }),
      totalsShape,
    );
    return rows.map(({ id }) => id);
  };

/** Customers with usage, those with the most events first. */
export const findCustomers = findUsed("customer");

/** Meters with usage first, then those of the catalog. */
export const findMeters: FindOptions = async (search) => {
  const [used, { meters }] = await Promise.all([
    findUsed("meter")(search),
    ask("sandbox/v1/catalog", catalogShape),
  ]);
  const wanted = search.toLowerCase();
  const known = meters.map(({ meter_id }) => meter_id).filter((id) => id.toLowerCase().includes(wanted));
  return [...new Set([...used, ...known])];
};

/** Known tenants. */
export const findTenants: FindOptions = async (search) => {
  const { tenants } = await ask(withQuery("sandbox/v1/tenants", { search, limit: SHOWN }), tenantsShape);
  return tenants.map(({ tenant_id }) => tenant_id);
};
