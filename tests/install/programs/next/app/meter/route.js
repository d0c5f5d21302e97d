import { memoryTransport } from "@meter-lib/core";
import { createRelay, memoryDedup } from "@meter-lib/relay";
import { staticCustomers } from "meter-lib";

const relay = createRelay({
  authenticate: async () => ({ tenant_id: "tenant_123", device_id: "web" }),
  origins: ["https://app.example.com"],
  dedup: memoryDedup(),
  transport: memoryTransport(),
  customerLookup: staticCustomers({ tenant_123: "cust_001" }),
});

export const POST = relay;
export const OPTIONS = relay;
