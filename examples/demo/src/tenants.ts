/** The demo's tenants by id, and the customers who pay for them. Acme pays for two. */
export const tenants = {
  acme: "cust_acme",
  "acme-labs": "cust_acme",
  globex: "cust_globex",
  initech: "cust_initech",
  umbrella: "cust_umbrella",
} as const;

export type TenantId = keyof typeof tenants;

// Out of ten requests in a row; the trace itself names nobody.
const SHARES: readonly TenantId[] = [
  "acme",
  "acme",
  "acme",
  "acme",
  "acme-labs",
  "acme-labs",
  "globex",
  "globex",
  "initech",
  "umbrella",
];

/** The tenant of the n-th request, counted from 0. */
export const tenantOf = (n: number): TenantId => SHARES[n % SHARES.length] ?? "acme";
