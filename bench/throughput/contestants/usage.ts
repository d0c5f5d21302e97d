/** The same event for all, as each backend's client wants it. */
export const usage = (index: number, tenants = 1) => ({
  tenant_id: tenants === 1 ? "tenant_123" : `tenant_${index % tenants}`,
  device_id: "us-east-ing1",
  meter_id: "page.processed.basic" as const,
  total_usage: (index % 9) + 1,
});

/** As the value of a Kafka record, without ids. */
export const usageRecord = (index: number) => {
  const { meter_id, total_usage } = usage(index);
  return { value: { meter_id, customer_id: "cust_001", total_usage, event_time: Date.now(), metadata: {} } };
};

/** As one request of the `events` dialect. */
export const usageRequest = (index: number) => {
  const { meter_id, total_usage, tenant_id, device_id } = usage(index);
  return {
    headers: { "content-type": "application/json", "x-tenant-id": tenant_id, "x-device-id": device_id },
    body: JSON.stringify({ meter_id, total_usage, customer_id: "cust_001" }),
  };
};
