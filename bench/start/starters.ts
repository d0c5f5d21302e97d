/** A client's first event, as the script of a process of its own: `url` is the receiver's. */
export interface Starter {
  readonly name: string;
  readonly imports: string;
  readonly first: string;
}

const EVENT = `{ tenant_id: "tenant_123", device_id: "us-east-ing1", meter_id: "page.processed.basic", total_usage: 1 }`;
const TRACK = `{ userId: "cust_001", event: "page.processed.basic", properties: { total_usage: 1 } }`;

/** The bare clients first, then ours, which looks up the customer before it posts, then other SDKs. */
export const STARTERS: readonly Starter[] = [
  {
    name: "fetch",
    imports: "",
    first: `await (await fetch(url + "/api/v1/events", { method: "POST", body: "{}" })).text();`,
  },
  {
    name: "undici",
    imports: `const { Pool } = await import("undici");`,
    first: `await (await new Pool(url).request({ method: "POST", path: "/api/v1/events", body: "{}" })).body.text();`,
  },
  {
    name: "meter-lib, post",
    imports: `const { createMeterClient } = await import("meter-lib");`,
    first: `const { ok, error } = await createMeterClient({ baseUrl: url }).post(${EVENT});
if (!ok) throw error;`,
  },
  {
    name: "meter-lib, record in memory",
    imports: `const { createMeterClient, memoryOutbox } = await import("meter-lib");`,
    first: `const client = createMeterClient({ baseUrl: url, outbox: memoryOutbox() });
client.record(${EVENT});
if (!(await client.flush())) throw new Error("not delivered");`,
  },
  {
    name: "meter-lib, record in SQLite",
    imports: `const { createMeterClient } = await import("meter-lib");
const { sqliteOutbox } = await import("meter-lib/node");`,
    first: `const { mkdtempSync, rmSync } = await import("node:fs");
const folder = mkdtempSync((await import("node:os")).tmpdir() + "/meter-lib-bench-");
const client = createMeterClient({ baseUrl: url, outbox: sqliteOutbox({ path: folder + "/outbox.db" }) });
client.record(${EVENT});
if (!(await client.flush())) throw new Error("not delivered");
rmSync(folder, { recursive: true });`,
  },
  {
    name: "@meter-lib/core with undici, post",
    imports: `const { MeterClient } = await import("@meter-lib/core");
const { staticCustomers } = await import("@meter-lib/lookup-http");
const { fetchTransport } = await import("@meter-lib/transport-fetch");
const { undiciSend } = await import("@meter-lib/transport-fetch/undici");`,
    first: `const transport = fetchTransport({ baseUrl: url, send: undiciSend() });
const customerLookup = staticCustomers({ tenant_123: "cust_001" });
const { ok, error } = await new MeterClient({ transport, customerLookup }).post(${EVENT});
if (!ok) throw error;`,
  },
  {
    name: "OpenMeter SDK",
    imports: `const { OpenMeter } = await import("@openmeter/sdk");`,
    first: `const client = new OpenMeter({ baseUrl: url + "/openmeter", apiKey: "key" });
await client.events.ingest({ type: "page.processed.basic", subject: "cust_001", data: { total_usage: 1 } });`,
  },
  {
    name: "Polar ingestion",
    imports: `const { Ingestion } = await import("@polar-sh/ingestion");`,
    first: `const client = Ingestion({ accessToken: "key", serverURL: url + "/polar" });
await client.ingest([{ name: "page.processed.basic", customerId: "cust_001", metadata: { total_usage: 1 } }]);`,
  },
  {
    name: "Segment analytics-node",
    imports: `const { Analytics } = await import("@segment/analytics-node");`,
    first: `const analytics = new Analytics({ writeKey: "key", host: url });
analytics.track(${TRACK});
await analytics.closeAndFlush();`,
  },
  {
    name: "posthog-node",
    imports: `const { PostHog } = await import("posthog-node");`,
    first: `const client = new PostHog("key", { host: url });
client.capture({ distinctId: "cust_001", event: "page.processed.basic", properties: { total_usage: 1 } });
await client.shutdown();`,
  },
  {
    name: "RudderStack node",
    imports: `const { default: RudderAnalytics } = await import("@rudderstack/rudder-sdk-node");`,
    first: `const client = new RudderAnalytics("key", { dataPlaneUrl: url, logLevel: "error" });
client.track(${TRACK});
await client.flush();`,
  },
  {
    name: "Schematic SDK",
    imports: `const { SchematicClient } = await import("@schematichq/schematic-typescript-node");`,
    first: `const client = new SchematicClient({ apiKey: "key", basePath: url, eventCaptureBaseURL: url + "/schematic" });
await client.track({ company: { id: "cust_001" }, event: "page.processed.basic", quantity: 1 });
await client.close();`,
  },
];
