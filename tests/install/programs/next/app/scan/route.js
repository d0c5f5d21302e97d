import { nextMetering } from "@meter-lib/middleware/next";
import { MeterClient, memoryTransport, staticCustomers } from "meter-lib";

const transport = memoryTransport();
const client = new MeterClient({
  transport,
  customerLookup: staticCustomers({ tenant_123: "cust_001" }),
  defaults: { device_id: "web" },
});
const metering = nextMetering({ client, tenant: () => "tenant_123" });
process.on("exit", () => console.log(`delivered ${transport.events.length}`));

/** Answers once a signal has come. */
export const POST = metering.route(
  async () => {
    console.log("in flight");
    await new Promise((resolve) => process.once("SIGTERM", resolve));
    return new Response("scanned");
  },
  () => ({ meter_id: "page.processed.basic", total_usage: 1 }),
);
