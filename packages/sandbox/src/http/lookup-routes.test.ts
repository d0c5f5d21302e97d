import { describe, expect, test } from "vitest";
import { createSandbox } from "../sandbox.ts";
import { getJson, postEvent, postRecords } from "../testing/post-events.ts";

const tenants = { tenant_123: "cust_001", "a/b ü": "cust_002" };
const internal = ["/api/v1/customer-accounts/tenant", "/v1alpha1/customer-accounts/tenant"];
const portal = "/metering/v1alpha1/customer-accounts/tenant";
const right = [
  { "x-api-key": "sk-lw-test" },
  { authorization: "Bearer sk-lw-test", "x-tenant-id": "tenant_123" },
];
const wrong = [
  { "x-api-key": "sk-lw-test", authorization: "Bearer nope" },
  { "x-api-key": "nope" },
  { authorization: "Bearer nope" },
  { authorization: "Basic c2stbHctdGVzdA==" },
];

test.each([...internal, portal])("%s answers a list of one customer", async (path) => {
  await using sandbox = await createSandbox({ tenants });
  expect(await getJson(sandbox.url, `${path}/tenant_123`)).toEqual([
    { id: "cust_001", tenant_id: "tenant_123" },
  ]);
});

test.each([...internal, portal])("%s answers an empty list for an unknown tenant", async (path) => {
  await using sandbox = await createSandbox({ tenants });
  expect(await getJson(sandbox.url, `${path}/nobody`)).toEqual([]);
  expect(await getJson(sandbox.url, `${path}/__proto__`)).toEqual([]);
});

test("tenant ids are found escaped and, as the Python library sends them, with a bare slash", async () => {
  await using sandbox = await createSandbox({ tenants });
  const expected = [{ id: "cust_002", tenant_id: "a/b ü" }];
  expect(await getJson(sandbox.url, `${portal}/${encodeURIComponent("a/b ü")}`)).toEqual(expected);
  expect(await getJson(sandbox.url, `${portal}/a/b%20%C3%BC`)).toEqual(expected);
});

test("answers one object when asked to", async () => {
  await using sandbox = await createSandbox({ tenants, lookupAnswer: "object" });
  expect(await getJson(sandbox.url, `${portal}/tenant_123`)).toEqual({
    id: "cust_001",
    tenant_id: "tenant_123",
  });
  expect(await fetch(`${sandbox.url}${portal}/nobody`)).toMatchObject({ status: 404 });
});

describe("with API keys", () => {
  const apiKeys = ["sk-lw-test", "second"];

  test.each(right)("the portal takes %o", async (headers) => {
    await using sandbox = await createSandbox({ tenants, apiKeys });
    expect((await fetch(`${sandbox.url}${portal}/tenant_123`, { headers })).status).toBe(200);
  });

  test.each([...wrong, {}])("the portal refuses %o", async (headers) => {
    await using sandbox = await createSandbox({ tenants, apiKeys });
    expect((await fetch(`${sandbox.url}${portal}/tenant_123`, { headers })).status).toBe(401);
    expect(await getJson(sandbox.url, "/sandbox/v1/refused")).toMatchObject({
      requests: [{ status: 401, dialect: "lookup" }],
    });
  });

  test.each(wrong)("internal lookups and events work without a key, but not with %o", async (headers) => {
    await using sandbox = await createSandbox({ tenants, apiKeys });
    for (const path of internal) {
      expect((await fetch(`${sandbox.url}${path}/tenant_123`)).status).toBe(200);
      expect((await fetch(`${sandbox.url}${path}/tenant_123`, { headers })).status).toBe(401);
    }
    expect((await postEvent(sandbox.url)).status).toBe(200);
    expect((await postEvent(sandbox.url, { headers })).status).toBe(401);
    expect(sandbox.usage()).toMatchObject([{ events: 1 }]);
  });

  test("behind kafka-rest likewise", async () => {
    await using sandbox = await createSandbox({ tenants, apiKeys });
    const value = { meter_id: "page.processed.basic", customer_id: "cust_001", total_usage: 1 };
    expect((await postRecords(sandbox.url, [value])).status).toBe(200);
    const refused = await fetch(`${sandbox.url}/topics/usage-events`, {
      method: "POST",
      headers: { "content-type": "application/vnd.kafka.json.v2+json", "x-api-key": "nope" },
      body: JSON.stringify({ records: [{ value }] }),
    });
    expect(refused.status).toBe(401);
  });

  test("the log hides keys", async () => {
    await using sandbox = await createSandbox({ tenants, apiKeys });
    await postEvent(sandbox.url, { headers: { "x-api-key": "sk-lw-test" } });
    await postEvent(sandbox.url, { headers: { authorization: "Bearer nope" } });
    const log = JSON.stringify(await getJson(sandbox.url, "/sandbox/v1/events"));
    expect(log).toContain("[hidden]");
    expect(log).not.toMatch(/sk-lw-test|nope/);
  });
});
