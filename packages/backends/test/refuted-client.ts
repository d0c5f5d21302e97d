import { MeterClient, memoryOutbox, type Transport } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";

const acknowledgingTransport: Transport = {
  name: "test",
  send: async () => ({ every: { state: "acknowledged" } }),
};

/** A client that keeps what was acknowledged. */
export const keepingClient = (transport = acknowledgingTransport) =>
  new MeterClient({
    transport,
    outbox: memoryOutbox({ keepAcknowledgedMs: 86_400_000 }),
    customerLookup: staticCustomers({ tenant_123: "cus_1" }),
    delivery: { lingerMs: 0, retryCapMs: 1 },
    defaults: { tenant_id: "tenant_123", device_id: "d" },
  });

/** Records events and has them acknowledged; their ids. */
export const acknowledged = async (client: ReturnType<typeof keepingClient>, count: number) => {
  const receipts = Array.from({ length: count }, () =>
    client.record({ meter_id: "page.processed.basic", total_usage: 1 }),
  );
  await client.flush();
  return receipts.map(({ event_id }) => event_id);
};
