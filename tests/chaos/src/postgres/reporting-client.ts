import { MeterClient, type Transport } from "@meter-lib/core";
import { postgresOutbox } from "@meter-lib/outbox-postgres";
import pg from "pg";

/** Posts batches to a receiver that tells a repeat. */
const batchTransport = (receiver: string): Transport => ({
  name: "receiver",
  receiver: { dedup: { windowMs: 86_400_000 } },
  send: async ({ events }, { signal }) => {
    const response = await fetch(receiver, {
      method: "POST",
      body: JSON.stringify(
        events.map(({ event_id, tenant_id, total_usage }) => [event_id, tenant_id, total_usage]),
      ),
      signal,
    });
    return { every: response.ok ? { state: "acknowledged" } : { state: "unsure", reason: "no receipt" } };
  },
});

/** A client over the outbox of a database. */
export const reportingClient = (url: string, receiver: string): MeterClient =>
  new MeterClient({
    transport: batchTransport(receiver),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    outbox: postgresOutbox({
      client: () => new pg.Client(url),
      lockTimeoutMs: 3_000,
    }),
    delivery: { lingerMs: 50, retryCapMs: 500 },
  });
