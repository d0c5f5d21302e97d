/** What an order of this size is billed for: an event of its own id for each of its parts, which the receiver's log can be compared with. */
export const eventsOfOrder = (id: string, size: number) =>
  Array.from({ length: size }, (_, part) => ({
    event_id: `${id}.${part}`,
    tenant_id: `tenant_${part % 3}`,
    device_id: "shop",
    meter_id: "page.processed.basic" as const,
    total_usage: part + 1,
    metadata: { order: id },
  }));
