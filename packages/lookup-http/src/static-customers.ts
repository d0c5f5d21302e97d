import { type CustomerLookup, describeValue, MeterError } from "@meter-lib/core/transport";

/**
 * A lookup that knows its customers beforehand: tenant ids to customer ids. Throws a MeterError `invalid_options` when a
 * customer id is not text or empty.
 */
export const staticCustomers = (customers: Readonly<Record<string, string>>): CustomerLookup => {
  // A Map, so that a tenant called `constructor` finds nothing that nobody gave.
  const byTenant = new Map<string, string>(Object.entries(customers));
  const issues = Object.entries(customers)
    .filter(([, id]) => typeof id !== "string" || id === "")
    .map(([tenant, id]) => ({
      field: `customers.${tenant}`,
      given: describeValue(id),
      expected: "a customer id, not empty",
    }));
  if (issues.length > 0) throw MeterError.fromIssues("invalid_options", issues);
  return {
    lookup: async (tenant_id) => {
      const customer_id = byTenant.get(tenant_id);
      return customer_id === undefined
        ? { state: "unknown", reason: "not among the static customers" }
        : { state: "found", customer_id };
    },
  };
};
