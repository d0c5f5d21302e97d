import { afterEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson } from "../testing/post-events.ts";

let now = 1000;
let sandbox: Sandbox;
afterEach(() => sandbox.close());

const lookup = (tenant_id: string): Promise<Response> =>
  fetch(`${sandbox.url}/api/v1/customer-accounts/tenant/${tenant_id}`);
const unknown = (): Promise<unknown> => getJson(sandbox.url, "/sandbox/v1/unknown-tenants");

test("tenants that were looked up in vain are told, the last one first, until they are added", async () => {
  sandbox = await createSandbox({ tenants: { known: "cust_001" }, clock: { now: () => now } });
  await lookup("known");
  await lookup("a");
  await lookup("b");
  now = 2000;
  await lookup("a");
  expect(await unknown()).toEqual({
    tenants: [
      { tenant_id: "a", lookups: 2, first_at: 1000, last_at: 2000 },
      { tenant_id: "b", lookups: 1, first_at: 1000, last_at: 1000 },
    ],
  });
  await fetch(`${sandbox.url}/sandbox/v1/tenant?tenant_id=a`, {
    method: "PUT",
    body: JSON.stringify({ customer_id: "cust_a" }),
  });
  expect(await unknown()).toMatchObject({ tenants: [{ tenant_id: "b" }] });
  await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });
  expect(await unknown()).toEqual({ tenants: [] });
});

test("the last 500 are kept", async () => {
  sandbox = await createSandbox();
  for (let i = 0; i <= 500; i++) await lookup(`t${i}`);
  const answer = await unknown();
  expect(answer).toMatchObject({
    tenants: Array.from({ length: 500 }, (_, i) => ({ tenant_id: `t${500 - i}` })),
  });
});
