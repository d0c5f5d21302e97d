/** The same event for all, as each backend's client wants it. */
export const usage = (index: number) => ({
  tenant_id: "tenant_123",
  device_id: "us-east-ing1",
  meter_id: "page.processed.basic" as const,
  total_usage: (index % 9) + 1,
});
