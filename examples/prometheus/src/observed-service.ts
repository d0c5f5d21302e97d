import { createRelay, memoryDedup, tenantTokens } from "@meter-lib/relay";
import { createSandbox, type Sandbox } from "@meter-lib/sandbox";
import { type ObservedClient, observedClient } from "./observed-client.ts";

/** The ports that `prometheus.yml` names. */
export interface Ports {
  readonly sandbox: number;
  readonly service: number;
  readonly relay: number;
}

/** A backend, a service and a relay, all three scraped. */
export interface ObservedService {
  readonly sandbox: Sandbox;
  readonly service: ObservedClient;
  readonly relay: ObservedClient;
  /** Usage as a service records it, and as a page posts it to the relay. */
  use(tenant_id?: string): Promise<void>;
  close(): Promise<void>;
}

const ORIGIN = "http://localhost:5173";
const METER = "page.processed.basic";

export const startObservedService = async (ports: Ports): Promise<ObservedService> => {
  const sandbox = await createSandbox({ port: ports.sandbox, tenants: { tenant_123: "cust_001" } });
  const service = await observedClient(sandbox.url, "service", ports.service);
  const behindRelay = await observedClient(sandbox.url, "relay", ports.relay);
  const tokens = tenantTokens({ secret: "a secret of at least 32 characters" });
  const relay = createRelay({
    authenticate: tokens.authenticate,
    origins: [ORIGIN],
    policy: { meters: [METER] },
    dedup: memoryDedup(),
    client: behindRelay.client,
  });

  return {
    sandbox,
    service,
    relay: behindRelay,
    use: async (tenant_id = "tenant_123") => {
      service.client.record({ tenant_id, device_id: "service", meter_id: METER, total_usage: 3 });
      const token = await tokens.issue({ tenant_id, device_id: "web", meters: [METER] });
      const event_id = crypto.randomUUID();
      await relay(
        new Request("http://relay.example/", {
          method: "POST",
          headers: {
            origin: ORIGIN,
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
          },
          body: JSON.stringify({
            sent_at: Date.now(),
            events: [{ event_id, meter_id: METER, event_time: Date.now(), total_usage: 1 }],
          }),
        }),
      );
    },
    close: async () => {
      await Promise.all([service.close(), behindRelay.close()]);
      await sandbox.close();
    },
  };
};
