/**
 * The customer lookups of meter-lib for Python, by version:
 * - `internal-v1` (0.0.2–0.0.3): `/api/v1/customer-accounts/tenant/{tenant_id}`, used with the dialect `events`
 * - `internal` (0.0.4–0.0.5, and later versions without an API key): `/v1alpha1/customer-accounts/tenant/{tenant_id}`
 * - `portal-key` (0.0.6–0.0.8): `/metering/v1alpha1/customer-accounts/tenant/{tenant_id}`, with the API key as `x-api-key`
 * - `portal` (0.0.9–0.1.0): the same path, with the API key as a bearer token and the tenant also as `x-tenant-id`
 */
export type LookupRoute = "internal-v1" | "internal" | "portal-key" | "portal";

const PATHS: Readonly<Record<LookupRoute, string>> = {
  "internal-v1": "/api/v1/customer-accounts/tenant/",
  internal: "/v1alpha1/customer-accounts/tenant/",
  "portal-key": "/metering/v1alpha1/customer-accounts/tenant/",
  portal: "/metering/v1alpha1/customer-accounts/tenant/",
};

/** Whether the route requires an API key. */
export const needsApiKey = (route: LookupRoute): boolean => route === "portal-key" || route === "portal";

/** Returns the path of a tenant's customer. The id is escaped into one segment. */
export const lookupPath = (route: LookupRoute, tenant_id: string): string =>
  PATHS[route] + encodeURIComponent(tenant_id);

export const lookupHeaders = (
  route: LookupRoute,
  tenant_id: string,
  apiKey: string,
): Readonly<Record<string, string>> => {
  if (route === "portal-key") return { "x-api-key": apiKey };
  if (route === "portal") return { authorization: `Bearer ${apiKey}`, "x-tenant-id": tenant_id };
  return {};
};
