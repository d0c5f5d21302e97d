import type { CustomerLookup } from "@meter-lib/core/transport";

const RELAY = "relay";

/**
 * The customer lookup of a page: the relay knows who pays, so the page looks nothing up. The placeholder it answers stays on
 * the page.
 */
export const relayCustomers = (): CustomerLookup => ({
  lookup: async () => ({ state: "found", customer_id: RELAY }),
  lookupNow: () => RELAY,
});
