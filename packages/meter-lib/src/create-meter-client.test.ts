import {
  extendCatalog,
  isMeterError,
  type LitewaveCatalog,
  litewaveCatalog,
  memoryTransport,
} from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { createSandbox } from "@meter-lib/sandbox";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { json, loopbackServer } from "../../transport-fetch/test/loopback-server.ts";
import { type ConnectionOptions, resolveConnection } from "./connection.ts";
import { createMeterClient } from "./create-meter-client.ts";

const VARIABLES = [
  "METER_LIB_BASE_URL",
  "METER_LIB_LOOKUP_URL",
  "METER_LIB_API_KEY",
  "METER_LIB_DIALECT",
  "METER_LIB_LOOKUP_ROUTE",
  "METER_LIB_TENANT_ID",
  "METER_LIB_DEVICE_ID",
];
beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

const usage = { tenant_id: "tenant_123", device_id: "us-east-ing1", total_usage: 24 };
const tenants = { tenant_123: "cust_001" };

const messageOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (isMeterError(error) && error.code === "invalid_options") return error.message;
    throw error;
  }
  return "nothing was thrown";
};

test.each(["events", "kafka-rest"] as const)("options alone: %s", async (dialect) => {
  await using sandbox = await createSandbox({ tenants });
  await using client = createMeterClient({ baseUrl: sandbox.url, dialect });

  const result = await client.post({ ...usage, meter_id: "page.processed.basic" });

  expect(result).toMatchObject({ ok: true });
  expect(sandbox.usage()).toMatchObject([{ customer_id: "cust_001", total_usage: 24, events: 1 }]);
});

test("the environment alone: the portal with a key, events at another address", async () => {
  await using portal = await createSandbox({ tenants, apiKeys: ["key_1"] });
  await using receiver = await loopbackServer((response) =>
    json(response, 200, { offsets: [{ partition: 0, offset: 1 }] }),
  );
  vi.stubEnv("METER_LIB_BASE_URL", receiver.url);
  vi.stubEnv("METER_LIB_LOOKUP_URL", portal.url);
  vi.stubEnv("METER_LIB_API_KEY", "key_1");
  vi.stubEnv("METER_LIB_DIALECT", "kafka-rest");
  await using client = createMeterClient();

  const result = await client.post({ ...usage, meter_id: "page.processed.basic" });

  expect(result).toMatchObject({ ok: true });
  expect(receiver.requests.map(({ path }) => path)).toEqual(["/topics/usage-events"]);
  expect(receiver.requests[0]?.body).toContain('"customer_id":"cust_001"');
});

test("the environment's key goes to the host that the environment names, and to no other", () => {
  vi.stubEnv("METER_LIB_API_KEY", "key_1");
  const keyFor = (options: ConnectionOptions) => resolveConnection(options).apiKey;
  // A key alone is for whatever an option names.
  expect(keyFor({ baseUrl: "https://a.example.com" })).toBe("key_1");

  vi.stubEnv("METER_LIB_BASE_URL", "https://a.example.com/v1");
  expect(keyFor({})).toBe("key_1");
  expect(keyFor({ baseUrl: "https://a.example.com" })).toBe("key_1");
  expect(keyFor({ baseUrl: "https://b.example.com" })).toBeUndefined();
  expect(keyFor({ baseUrl: new URL("http://a.example.com") })).toBeUndefined();
  expect(keyFor({ lookupUrl: "https://b.example.com" })).toBeUndefined();
  expect(keyFor({ baseUrl: "https://b.example.com", apiKey: "key_2" })).toBe("key_2");

  vi.stubEnv("METER_LIB_LOOKUP_URL", "https://portal.example.com");
  expect(keyFor({ baseUrl: "https://b.example.com" })).toBe("key_1");
  expect(keyFor({ lookupUrl: "https://a.example.com" })).toBeUndefined();
});

test("an option wins over its variable; an empty variable is none", async () => {
  await using sandbox = await createSandbox({ tenants });
  vi.stubEnv("METER_LIB_BASE_URL", "http://127.0.0.1:9");
  vi.stubEnv("METER_LIB_API_KEY", "");
  await using client = createMeterClient({ baseUrl: sandbox.url });

  expect(await client.post({ ...usage, meter_id: "page.processed.basic" })).toMatchObject({ ok: true });
});

test("a catalog and defaults reach the client", async () => {
  await using sandbox = await createSandbox({ tenants });
  const catalog = extendCatalog(litewaveCatalog, { "document.basic.page": { type: "volume" } });
  await using client = createMeterClient({
    baseUrl: sandbox.url,
    catalog,
    defaults: { tenant_id: "tenant_123", device_id: "us-east-ing1" },
  });

  expect(await client.post({ meter_id: "document.basic.page", total_usage: 3 })).toMatchObject({ ok: true });
});

test("without a base URL the error names the option and the variable", () => {
  expect(messageOf(() => createMeterClient())).toBe(
    "baseUrl: expected the backend's URL, as this option or as the environment variable METER_LIB_BASE_URL, got nothing",
  );
});

test("everything that is wrong with the environment is told at once, under the names of the variables", () => {
  vi.stubEnv("METER_LIB_DIALECT", "kafka");
  vi.stubEnv("METER_LIB_LOOKUP_ROUTE", "portals");

  expect(messageOf(() => createMeterClient())).toMatch(
    /METER_LIB_DIALECT: expected one of events, kafka-rest, got "kafka"; METER_LIB_LOOKUP_ROUTE: .*"portals"; baseUrl: /,
  );
});

test("an address that is none is refused by name", () => {
  vi.stubEnv("METER_LIB_BASE_URL", "not a url");

  expect(messageOf(() => createMeterClient())).toMatch(/^baseUrl: /);
});

test("a transport and a lookup of one's own need no address", async () => {
  const transport = memoryTransport();
  await using client = createMeterClient({ transport, customerLookup: staticCustomers(tenants) });

  await client.post({ ...usage, meter_id: "page.processed.basic" });

  expect(transport.events).toMatchObject([{ customer_id: "cust_001", total_usage: 24 }]);
});

test("a transport of one's own, customers over HTTP: the lookup's address is enough", async () => {
  await using sandbox = await createSandbox({ tenants });
  const transport = memoryTransport();
  await using client = createMeterClient({ transport, lookupUrl: sandbox.url });

  await client.post({ ...usage, meter_id: "page.processed.basic" });

  expect(transport.events).toMatchObject([{ customer_id: "cust_001" }]);
});

test("events over HTTP, a lookup of one's own", async () => {
  await using sandbox = await createSandbox({ tenants });
  const customerLookup = { lookup: vi.fn(staticCustomers(tenants).lookup) };
  await using client = createMeterClient({ baseUrl: sandbox.url, customerLookup });

  expect(await client.post({ ...usage, meter_id: "page.processed.basic" })).toMatchObject({ ok: true });
  expect(customerLookup.lookup).toHaveBeenCalledOnce();
});

test("tenant and device of the environment stand in for those that the options leave out", async () => {
  vi.stubEnv("METER_LIB_TENANT_ID", "tenant_of_environment");
  vi.stubEnv("METER_LIB_DEVICE_ID", "device_of_environment");
  const transport = memoryTransport();
  await using client = createMeterClient<LitewaveCatalog, "tenant_id" | "device_id">({
    transport,
    customerLookup: staticCustomers({ ...tenants, tenant_of_environment: "cust_002" }),
  });
  await using ofTenant = createMeterClient<LitewaveCatalog, "tenant_id" | "device_id">({
    transport,
    customerLookup: staticCustomers(tenants),
    defaults: { tenant_id: "tenant_123", device_id: "device_of_options" },
  });

  await client.post({ meter_id: "page.processed.basic", total_usage: 1 });
  await ofTenant.post({ meter_id: "page.processed.basic", total_usage: 1 });

  expect(transport.events).toMatchObject([
    { tenant_id: "tenant_of_environment", device_id: "device_of_environment" },
    { tenant_id: "tenant_123", device_id: "device_of_options" },
  ]);
});

test("switched off: events are checked and forgotten, without an address, and nothing is called", async () => {
  const transport = memoryTransport();
  await using client = createMeterClient({ enabled: false, transport, defaults: { device_id: "d" } });

  const { settled } = client.record({ tenant_id: "t", meter_id: "page.processed.basic", total_usage: 1 });
  const posted = await client.post({ tenant_id: "t", meter_id: "page.processed.basic", total_usage: 1 });
  const wrong = await client.post({ tenant_id: "t", meter_id: "page.processed.basic", total_usage: -1 * 1 });

  expect(await settled).toMatchObject({ state: "acknowledged" });
  expect(posted).toMatchObject({ ok: true });
  expect(wrong).toMatchObject({ ok: false, error: { code: "invalid_event" } });
  expect(transport.batches).toEqual([]);
});

test("enabled is true or false, not a text of the environment", () => {
  const fromConfiguration: { readonly enabled: boolean } = JSON.parse('{ "enabled": "false" }');

  expect(messageOf(() => createMeterClient(fromConfiguration))).toBe(
    'enabled: expected true or false, got "false"',
  );
});

test("a logger is told what a person should look at; what repeats, at the first, the tenth, the hundredth time", async () => {
  const lines: string[] = [];
  const logger = {
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string) => lines.push(`error ${line}`),
  };
  const transport = memoryTransport();
  await using client = createMeterClient({ transport, customerLookup: staticCustomers(tenants), logger });
  transport.failNext({ state: "rejected", reason: "not this one" });

  const { event_id, settled } = client.record({ ...usage, meter_id: "page.processed.basic" });
  await settled;
  for (let time = 1; time <= 11; time++)
    client.record({ ...usage, meter_id: "page.processed.basic", total_usage: -1 * time });

  expect(lines).toEqual([
    `error meter-lib: event ${event_id} (page.processed.basic, tenant "tenant_123") is a dead letter: not this one`,
    expect.stringMatching(/^error meter-lib: an event was not recorded: invalid_event: total_usage: .*-1$/),
    expect.stringMatching(/^error meter-lib: an event was not recorded: .*-10 \(10 times\)$/),
  ]);
});
