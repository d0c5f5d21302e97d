import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postEvent } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
});
afterEach(() => sandbox.close());

const addressOf = (tenant_id: string) =>
  `${sandbox.url}/sandbox/v1/tenant?${new URLSearchParams({ tenant_id })}`;
const put = (tenant_id: string, body: string) => fetch(addressOf(tenant_id), { method: "PUT", body });
const remove = (tenant_id: string) => fetch(addressOf(tenant_id), { method: "DELETE" });
const lookup = (tenant_id: string) => getJson(sandbox.url, `/api/v1/customer-accounts/tenant/${tenant_id}`);

test("tenants are added, listed and found", async () => {
  expect(await (await put("acme", '{"customer_id":"cust_007"}')).json()).toEqual({
    tenant_id: "acme",
    customer_id: "cust_007",
  });
  expect(await getJson(sandbox.url, "/sandbox/v1/tenants")).toEqual({
    tenants: [
      { tenant_id: "tenant_123", customer_id: "cust_001" },
      { tenant_id: "acme", customer_id: "cust_007" },
    ],
  });
  expect(await getJson(sandbox.url, "/sandbox/v1/tenant?tenant_id=acme")).toEqual({
    tenant_id: "acme",
    customer_id: "cust_007",
  });
  expect((await fetch(addressOf("nobody"))).status).toBe(404);
});

test.each(["..", ".", "a/b", "?", "#", "%2F", "%", "&=+ "])(
  "the tenant %j is one like others",
  async (tenant_id) => {
    await put(tenant_id, '{"customer_id":".."}');
    expect(await (await fetch(addressOf(tenant_id))).json()).toEqual({ tenant_id, customer_id: ".." });
    expect((await remove(tenant_id)).status).toBe(204);
    expect(await getJson(sandbox.url, "/sandbox/v1/tenants")).toMatchObject({
      tenants: [{ tenant_id: "tenant_123" }],
    });
  },
);

test("after a change of customer, events on the way still count for the former one", async () => {
  await put("tenant_123", '{"customer_id":"cust_new"}');
  expect(await lookup("tenant_123")).toEqual([{ id: "cust_new", tenant_id: "tenant_123" }]);
  await postEvent(sandbox.url);
  await postEvent(sandbox.url, { body: { customer_id: "cust_new" } });
  expect(sandbox.usage().map((row) => row.customer_id)).toEqual(["cust_001", "cust_new"]);
  await put("tenant_123", '{"customer_id":"cust_001"}');
  expect(await lookup("tenant_123")).toEqual([{ id: "cust_001", tenant_id: "tenant_123" }]);
});

test("a removed tenant is unknown; its usage stays", async () => {
  await postEvent(sandbox.url);
  expect((await remove("tenant_123")).status).toBe(204);
  expect(await lookup("tenant_123")).toEqual([]);
  expect((await postEvent(sandbox.url)).status).toBe(422);
  expect((await remove("tenant_123")).status).toBe(404);
  expect(sandbox.usage()).toMatchObject([{ events: 1 }]);
});

test.each(["", "null", "{}", '{"customer_id":""}', '{"customer_id":7}', "<html>"])(
  "refuses the body %s",
  async (body) => {
    const answer = await put("acme", body);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: expect.stringContaining("customer_id") });
  },
);

test("a reset forgets everything but the configured tenants", async () => {
  await put("acme", '{"customer_id":"cust_007"}');
  await postEvent(sandbox.url, { headers: { "idempotency-key": "a", "x-producer": "p", "x-seq": "5" } });
  await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });

  expect(sandbox.usage()).toEqual([]);
  expect(await lookup("acme")).toEqual([]);
  expect(await getJson(sandbox.url, "/sandbox/v1/events")).toEqual({ events: [] });
  expect(await getJson(sandbox.url, "/sandbox/v1/gaps")).toEqual({ producers: [] });
  const again = await postEvent(sandbox.url, { headers: { "idempotency-key": "a" } });
  expect(await again.json()).toEqual({ status: "accepted", event_id: "a" });
});

test("a body above the limit is 413, and changes nothing", async () => {
  const answer = await put("acme", JSON.stringify({ customer_id: "c", more: "x".repeat(2_000_000) }));
  expect(answer.status).toBe(413);
  expect(await getJson(sandbox.url, "/sandbox/v1/tenants")).toMatchObject({ tenants: [{}] });
});
