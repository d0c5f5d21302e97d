import { MeterClient, memoryTransport } from "@meter-lib/core";

/** A client for a test, and what it recorded, as `tenant meter usage`. */
export const metered = () => {
  const transport = memoryTransport();
  const client = new MeterClient({
    transport,
    customerLookup: { lookup: async (tenant) => ({ state: "found", customer_id: `cus_${tenant}` }) },
    delivery: { lingerMs: 0 },
    defaults: { device_id: "device" },
  });
  return {
    client,
    transport,
    recorded: async (): Promise<readonly string[]> => {
      await client.flush();
      return transport.events
        .map(({ tenant_id, meter_id, total_usage, start_time = 0, end_time = 0 }) =>
          [tenant_id, meter_id, total_usage ?? (end_time >= start_time ? "timed" : "backwards")].join(" "),
        )
        .sort();
    },
  };
};
