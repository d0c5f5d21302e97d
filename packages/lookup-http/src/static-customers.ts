import { type CustomerLookup, describeValue, MeterError } from "@meter-lib/core/transport";

/**
 * Looks up customers in a fixed object of tenant ids to customer ids. Every other tenant is unknown.
 *
 * @throws MeterError `invalid_options` if a customer id is empty or not a string
 *
 * @example
 * ```ts
 * const lookup = staticCustomers({ tenant_123: "cust_001" });
 * ```
 */
export const staticCustomers = (customers: Readonly<Record<string, string>>): CustomerLookup => {
  // A Map, so that a tenant named `constructor` is unknown too.
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
