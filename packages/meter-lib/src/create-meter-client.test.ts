import { extendCatalog, isMeterError, litewaveCatalog } from "@meter-lib/core";
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
