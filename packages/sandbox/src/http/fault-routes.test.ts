import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postEvent, postRecords } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
});
afterEach(() => sandbox.close());

const setFaults = (body: unknown): Promise<Response> =>
  fetch(`${sandbox.url}/sandbox/v1/faults`, { method: "PUT", body: JSON.stringify(body) });

const requests = (): readonly (() => Promise<Response>)[] => [
  () => postEvent(sandbox.url),
  () => postRecords(sandbox.url, []),
  () => fetch(`${sandbox.url}/api/v1/customer-accounts/tenant/tenant_123`),
  () => fetch(`${sandbox.url}/v1alpha1/customer-accounts/tenant/tenant_123`),
  () => fetch(`${sandbox.url}/metering/v1alpha1/customer-accounts/tenant/tenant_123`),
];

test("there are none at the start", async () => {
  expect(await getJson(sandbox.url, "/sandbox/v1/faults")).toEqual({
    delay_ms: 0,
    outcome: "as_usual",
    requests: 0,
  });
});

test("unavailable: 503 for every post and lookup, nothing is counted or logged; then all is as before", async () => {
  await setFaults({ outcome: "unavailable" });
  for (const request of requests()) expect((await request()).status).toBe(503);
  expect(await getJson(sandbox.url, "/sandbox/v1/faults")).toMatchObject({ requests: 5 });
  expect(await getJson(sandbox.url, "/sandbox/v1/events")).toEqual({ events: [] });
  expect(await getJson(sandbox.url, "/sandbox/v1/refused")).toEqual({ requests: [] });
  await setFaults({ outcome: "as_usual" });
  expect((await postEvent(sandbox.url)).status).toBe(200);
});

test("reset: the connection breaks without an answer", async () => {
  await setFaults({ outcome: "reset" });
  for (const request of requests()) {
    await expect(request()).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
  }
  expect(sandbox.usage()).toEqual([]);
});

test("slow: a request is taken when its time has come, or not at all when its client has left", async () => {
  await setFaults({ delay_ms: 60_000 });
  const leaving = fetch(`${sandbox.url}/api/v1/customer-accounts/tenant/tenant_123`, {
    signal: AbortSignal.timeout(50),
  });
  await expect(leaving).rejects.toMatchObject({ name: "TimeoutError" });
  await setFaults({ delay_ms: 1 });
  expect((await postEvent(sandbox.url)).status).toBe(200);
  expect(sandbox.usage()).toMatchObject([{ events: 1 }]);
});

test("the end of the sandbox does not wait for what is slowed down", async () => {
  await setFaults({ delay_ms: 60_000 });
  const slow = postEvent(sandbox.url);
  await expect.poll(() => getJson(sandbox.url, "/sandbox/v1/faults")).toMatchObject({ requests: 1 });
  await Promise.all([slow, sandbox.close()]);
});

test.each([
  [{ delay_ms: -1 }, "delay_ms"],
  [{ delay_ms: 60_001 }, "delay_ms"],
  [{ delay_ms: "5" }, "delay_ms"],
  [{ outcome: "fire" }, "outcome"],
  ["slow", "The body"],
])("refuses %j and says what it expects", async (body, named) => {
  const answer = await setFaults(body);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining(`${named}: expected`) });
});
