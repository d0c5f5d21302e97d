import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { Autumn } from "autumn-js";
import { describe, expect, test } from "vitest";
import { autumnServer } from "../../test/autumn-server.ts";
import { outgoingEvent, sendTo } from "../../test/outgoing-event.ts";
import { startReceiver } from "../../test/receiver.ts";
import { type AutumnTransportOptions, autumnTransport } from "../autumn.ts";

const apiKey = "am_sk_test_123";
const transportTo = ({ url }: { url: string }, options: Partial<AutumnTransportOptions> = {}) =>
  autumnTransport({ baseUrl: url, apiKey, ...options });

test("an event is one request, and what Autumn's own SDK sends", async () => {
  await using server = await autumnServer();
  await sendTo(
    transportTo(server, { features: { "page.processed.basic": "pages" }, apiVersion: "2.4.0" }),
    outgoingEvent({ event_id: "e-1", metadata: { model: "m-1" } }),
  );
  await new Autumn({ secretKey: apiKey, serverURL: server.url })
    .track(
      {
        customerId: "cus_001",
        featureId: "pages",
        value: 24,
        timestamp: 1_768_473_000_000,
        properties: { model: "m-1", event_id: "e-1", tenant_id: "tenant_123", device_id: "us-east-ing1" },
        overageBehavior: "overflow",
      },
      { headers: { "idempotency-key": "tenant_123/e-1" } },
    )
    // It has the key already.
    .catch(() => {});
  const [ours, theirs] = server.received.map(({ method, path, headers, body }) => ({
    method,
    path,
    version: headers["x-api-version"],
    key: headers["idempotency-key"],
    authorization: headers.authorization,
    contentType: headers["content-type"],
    body: JSON.parse(body),
  }));
  expect(ours).toEqual(theirs);
  expect(server.tracked).toHaveLength(1);
});

describe("answers", () => {
  const answered = async (status: number, body: unknown = {}, headers: Record<string, string> = {}) => {
    await using server = await startReceiver(() => ({ status, headers, body }));
    return await sendTo(transportTo(server), outgoingEvent());
  };

  test.each([
    [200, { customer_id: "c", value: 1, balance: null }],
    [202, { customer_id: "c", value: 1 }],
  ])("%i: counted, or taken for later", async (status, body) => {
    expect(await answered(status, body)).toMatchObject({ every: { state: "acknowledged" } });
  });
  test("409 for the key: acknowledged before; for anything else: not", async () => {
    expect(await answered(409, { code: "duplicate_idempotency_key", message: "m" })).toMatchObject({
      every: { state: "acknowledged", duplicate: true },
    });
    expect(await answered(409, { code: "lock_exists", message: "m" })).toMatchObject({
      every: { state: "unsure" },
    });
  });
  test("404: the event's trouble where the body says so, else the address", async () => {
    expect(await answered(404, { code: "customer_not_found", message: "no cus_001" })).toMatchObject({
      every: { state: "rejected", reason: "Autumn (HTTP 404): customer_not_found: no cus_001" },
    });
    expect(await answered(404, "404 Not Found")).toMatchObject({ fault: { kind: "blocked" } });
  });
  test.each([200, 204, 500])("%i without Autumn's body: may have been counted", async (status) => {
    expect(await answered(status, status === 204 ? undefined : {})).toMatchObject({
      every: { state: "unsure", status },
    });
  });
  test("429 and 401", async () => {
    expect(await answered(429, {}, { "retry-after": "3" })).toMatchObject({ fault: { kind: "unavailable" } });
    expect(await answered(401)).toMatchObject({ fault: { kind: "blocked", credentials: true } });
  });
});

test.each([
  [{ event_time: 0 }, {}, "event_time"],
  [{ metadata: { tenant_id: "x" } }, {}, "metadata.tenant_id"],
  [{ type: "performance", total_usage: undefined, start_time: 5 }, {}, "end_time"],
  [{}, { value: () => -1 }, "total_usage"],
] as const)("%j with %j is told before", async (fields, options, field) => {
  expect(
    transportTo({ url: "http://localhost:1" }, options).check?.event?.(outgoingEvent(fields)),
  ).toMatchObject({
    field,
  });
});

test("a lost answer is sent again, and counted once", async () => {
  await using server = await autumnServer();
  server.next({ status: 502, keeps: true });
  await using meter = new MeterClient({
    transport: transportTo(server),
    customerLookup: staticCustomers({ tenant_123: "cus_1" }),
    delivery: { retryCapMs: 1, lingerMs: 0 },
    defaults: { tenant_id: "tenant_123", device_id: "d" },
  });
  const receipt = meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
  expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
  expect(server.received).toHaveLength(2);
  expect(server.tracked).toHaveLength(1);
});
