import { request } from "node:http";
import { MeterClient, memoryOutbox } from "@meter-lib/core";
import { httpCustomerLookup } from "@meter-lib/lookup-http";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { sandboxLedger } from "../sandbox-ledger.ts";
import { getJson, postEvent } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ host: "0.0.0.0", tenants: { tenant_123: "cust_001" } });
});
afterEach(() => sandbox.close());

const origin = (): string => new URL(sandbox.url).origin;

const statusWith = (path: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(sandbox.url);
    const sent = request({ host: "127.0.0.1", port, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });

describe("where other machines may come in", () => {
  test("the URL carries a token, of all addresses of the machine", () => {
    expect(sandbox.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}$/);
    const [, token] = new URL(sandbox.url).pathname.split("/");
    for (const url of sandbox.urls) expect(new URL(url).pathname).toBe(`/${token}`);
  });

  test.each([
    ["GET", "/"],
    ["GET", "/icon.svg"],
    ["GET", "/assets/index.js"],
    ["POST", "/api/v1/events"],
    ["POST", "/topics/usage-events"],
    ["GET", "/api/v1/customer-accounts/tenant/tenant_123"],
    ["GET", "/v1alpha1/customer-accounts/tenant/tenant_123"],
    ["GET", "/metering/v1alpha1/customer-accounts/tenant/tenant_123"],
    ["GET", "/sandbox/v1/health"],
    ["GET", "/sandbox/v1/usage"],
    ["GET", "/sandbox/v1/events"],
    ["GET", "/sandbox/v1/stream"],
    ["GET", "/sandbox/v1/export/events.csv"],
    ["GET", "/sandbox/v1/api-keys"],
    ["PUT", "/sandbox/v1/tenant?tenant_id=evil"],
    ["PUT", "/sandbox/v1/faults"],
    ["POST", "/sandbox/v1/reset"],
    ["GET", "/AAAAAAAAAAAAAAAAAAAAAA/sandbox/v1/health"],
  ])("%s %s without the token is 401", async (method, path) => {
    const answer = await fetch(origin() + path, { method });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: "token_needed" });
    expect(sandbox.usage()).toEqual([]);
  });

  test("what every client does works behind the token: events, lookups, reconciliation", async () => {
    await using client = new MeterClient({
      transport: fetchTransport({ baseUrl: sandbox.url }),
      customerLookup: httpCustomerLookup({ baseUrl: sandbox.url }),
      outbox: memoryOutbox(),
      defaults: { device_id: "d1" },
      delivery: { lingerMs: 0 },
    });
    const { settled } = client.record({
      tenant_id: "tenant_123",
      meter_id: "page.processed.basic",
      total_usage: 5,
    });
    expect(await settled).toMatchObject({ state: "acknowledged" });
    expect(await client.reconcile(sandboxLedger(sandbox.url))).toMatchObject({ agrees: true, compared: 1 });
  });

  test("the log does not hold the token", async () => {
    await postEvent(sandbox.url);
    const request = await getJson(sandbox.url, "/sandbox/v1/requests/1");
    expect(request).toMatchObject({ path: "/api/v1/events" });
    expect(JSON.stringify(request)).not.toContain(new URL(sandbox.url).pathname.slice(1));
  });

  test("the dashboard's address is the one with a slash", async () => {
    const answer = await fetch(sandbox.url, { redirect: "manual" });
    expect(answer.status).toBe(308);
    expect(answer.headers.get("location")).toBe(`${new URL(sandbox.url).pathname}/`);
  });

  test.each([
    [{ host: "devbox.example:8099" }, 200],
    [{ host: "devbox.example:8099", origin: "http://devbox.example:8099" }, 200],
    [{ host: "devbox.example:8099", origin: "http://evil.example" }, 403],
  ])("with the token %j gets %i", async (headers, status) => {
    const { pathname } = new URL(sandbox.url);
    expect(await statusWith(`${pathname}/sandbox/v1/health`, headers)).toBe(status);
  });
});

test("a token of one's own is asked for on the loopback interface, too", async () => {
  const token = "my-token-for-the-team";
  await using own = await createSandbox({ token });
  expect(own.url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/${token}$`));
  expect((await fetch(`${new URL(own.url).origin}/sandbox/v1/health`)).status).toBe(401);
  expect((await fetch(`${own.url}/sandbox/v1/health`)).status).toBe(200);
});

test.each([
  [{ token: "short" }, "token: expected 16 to 128 letters"],
  [{ host: "" }, "host: expected an address"],
  [{ host: "192.0.2.1" }, "host: expected an address of this machine, got 192.0.2.1"],
])("%j is refused", async (options, message) => {
  await expect(createSandbox(options)).rejects.toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining(message),
  });
});
