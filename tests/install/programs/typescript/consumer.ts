// A user's code: it compiles whatever the user's settings are, and so do the declarations that it reads.
import { MeterError } from "@meter-lib/core";
import type { OutgoingEvent } from "@meter-lib/core/transport";
import { cachedLookup } from "@meter-lib/lookup-http";
import { createRelay, memoryDedup, tenantTokens } from "@meter-lib/relay";
import { createSandbox } from "@meter-lib/sandbox";
import {
  createMeterClient,
  extendCatalog,
  litewaveCatalog,
  postMeterUsage,
  staticCustomers,
} from "meter-lib";
import { createBrowserMeter } from "meter-lib/browser";
import { closeOnSignals, sqliteOutbox } from "meter-lib/node";

const catalog = extendCatalog(litewaveCatalog, { "image.resized": { type: "volume", unit: "image" } });
const client = createMeterClient({
  baseUrl: "http://127.0.0.1:9",
  catalog,
  outbox: sqliteOutbox({ path: "usage.db" }),
  defaults: { device_id: "d" },
});
closeOnSignals(client);

export const meter = async (tenant_id: string): Promise<string> => {
  const result = await client.post({ tenant_id, meter_id: "image.resized", total_usage: 1 });
  client.record({ tenant_id, meter_id: "page.processed.basic", total_usage: 24 });
  // Without `strict`, the compiler tells the two apart only by a comparison.
  return result.ok === true ? result.event_id : result.error.code;
};

export const relay = createRelay({
  authenticate: tenantTokens({ secret: "x".repeat(32) }).authenticate,
  origins: ["https://app.example.com"],
  dedup: memoryDedup(),
  client,
});
export const page = () => createBrowserMeter({ relayUrl: "/meter", tenant_id: "t" });
export const lookup = cachedLookup(staticCustomers({ t: "c" }));
export const sandbox = () => createSandbox({ tenants: { t: "c" } });
export const legacy = () =>
  postMeterUsage({ tenant_id: "t", device_id: "d", meter_id: "page.processed.basic", total_usage: 1 });
export const idOf = (event: OutgoingEvent): string => event.event_id;
export const isMistake = (error: unknown): boolean => error instanceof MeterError;
