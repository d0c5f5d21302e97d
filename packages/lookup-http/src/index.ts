export { type CachedLookupOptions, cachedLookup } from "./cached-lookup.ts";
export { httpCustomerLookup } from "./http-customer-lookup.ts";
export type { HttpCustomerLookupOptions } from "./http-customer-lookup-options.ts";
export type { LookupRoute } from "./lookup-route.ts";
export { staticCustomers } from "./static-customers.ts";
