import { MeterClient } from "@meter-lib/core";
import type { UsageEvent } from "@meter-lib/core/transport";
import { staticCustomers } from "@meter-lib/lookup-http";
import { Client } from "lago-javascript-client";
import { describe, expect, test } from "vitest";
import { lagoServer } from "../../test/lago-server.ts";
import { outgoingEvent, sendTo } from "../../test/outgoing-event.ts";
import { startReceiver } from "../../test/receiver.ts";
import { type LagoTransportOptions, lagoTransport } from "../lago.ts";

const TIME = 1_768_473_000_250;
const performance = {
  type: "performance",
  meter_id: "chat.query.time_secs",
  total_usage: undefined,
} as const;

const transportTo = ({ url }: { url: string }, options: Partial<LagoTransportOptions> = {}) =>
  lagoTransport({ baseUrl: url, apiKey: "lago_key", ...options });

test("a batch is one request of events", async () => {
  await using server = await lagoServer();
  const answer = await sendTo(
    transportTo(server, { codes: { "page.processed.basic": "pages" } }),
    outgoingEvent({ metadata: { model: "m-1" } }),
    outgoingEvent({ ...performance, event_id: "e-2", start_time: TIME - 1_500, end_time: TIME }),
  );
  expect(answer).toMatchObject({ every: { state: "acknowledged" } });
  expect(server.received).toHaveLength(1);
  expect(server.events).toEqual([
    {
      transaction_id: "tenant_123/0198c2f0-0000-7000-8000-000000000001",
      external_subscription_id: "cus_001",
      code: "pages",
      timestamp: "1768473000.000",
      properties: { model: "m-1", total_usage: 24 },
    },
    {
      transaction_id: "tenant_123/e-2",
      external_subscription_id: "cus_001",
      code: "chat.query.time_secs",
      timestamp: "1768473000.250",
      properties: { start_time: TIME - 1_500, end_time: TIME, duration_ms: 1_500 },
    },
  ]);
});

test("Lago's own client sends the same request", async () => {
  await using server = await lagoServer();
  await sendTo(transportTo(server), outgoingEvent({ event_id: "e-1" }));
  const theirs = Client("lago_key", { baseUrl: `${server.url}/api/v1` });
  await theirs.events
    .createBatchEvents({
      events: [
        {
          transaction_id: "tenant_123/e-1",
          external_subscription_id: "cus_001",
          code: "page.processed.basic",
          timestamp: "1768473000.000",
          properties: { total_usage: 24 },
        },
      ],
    })
    // It has the event already.
    .catch(() => {});
  const [first, second] = server.received.map(({ method, path, headers, body }) => ({
    method,
    path,
    contentType: headers["content-type"],
    authorization: headers.authorization,
    body: JSON.parse(body),
  }));
  expect(first).toEqual(second);
  expect(server.events).toHaveLength(1);
});

test("known and wrong events are told by index; the others of the refused batch go on", async () => {
  await using server = await lagoServer();
  const transport = transportTo(server);
  const events = ["a", "b", "c"].map((event_id) => outgoingEvent({ event_id }));
  await sendTo(transport, outgoingEvent({ event_id: "b" }));
  expect(await sendTo(transport, ...events)).toMatchObject({
    outcomes: [
      { state: "retry", retryAfterMs: 0 },
      { state: "acknowledged", duplicate: true },
      { state: "retry" },
    ],
  });
  server.next({
    status: 422,
    body: { code: "validation_errors", error_details: { 2: { timestamp: ["invalid_format"] } } },
  });
  expect(await sendTo(transport, ...events)).toMatchObject({
    outcomes: [
      { state: "retry" },
      { state: "retry" },
      { state: "rejected", reason: 'Lago (HTTP 422): {"timestamp":["invalid_format"]}' },
    ],
  });
  // A fault of another kind beside the known id may be a fault of this event.
  server.next({
    status: 422,
    body: { error_details: { 0: { transaction_id: ["value_already_exist"], code: ["value_is_mandatory"] } } },
  });
  expect(await sendTo(transport, outgoingEvent({ event_id: "a" }))).toMatchObject({
    outcomes: [{ state: "rejected" }],
  });
});

describe("answers", () => {
  const answered = async (status: number, headers: Record<string, string> = {}, body: unknown = {}) => {
    await using server = await startReceiver(() => ({ status, headers, body }));
    return await sendTo(transportTo(server), outgoingEvent(), outgoingEvent({ event_id: "e-2" }));
  };

  test("422 about the batch: bisected", async () => {
    expect(await answered(422, {}, { error_details: { events: ["too_many_events"] } })).toMatchObject({
      fault: { kind: "invalid" },
    });
    expect(await answered(422, {}, { error_details: { 2: { code: ["x"] } } })).toMatchObject({
      fault: { kind: "invalid" },
    });
  });
  test.each([401, 403])("%i: the credentials", async (status) => {
    expect(await answered(status)).toMatchObject({ fault: { kind: "blocked", credentials: true } });
  });
  test("429: later", async () => {
    expect(await answered(429, { "retry-after": "7" })).toMatchObject({
      fault: { kind: "unavailable", retryAfterMs: 7_000 },
    });
  });
  test.each([
    [500, {}],
    [200, {}],
    [200, { events: [{}] }],
  ])("%i %j: may have been taken", async (status, body) => {
    expect(await answered(status, {}, body)).toMatchObject({ every: { state: "unsure", status } });
  });
});

test("what Lago cannot keep is told before", async () => {
  await using server = await lagoServer();
  const transport = transportTo(server);
  expect(transport.check?.event?.(outgoingEvent({ metadata: { total_usage: "7" } }))).toMatchObject({
    field: "metadata.total_usage",
  });
  expect(transport.check?.event?.(outgoingEvent({ metadata: { model: "m" } }))).toBeUndefined();
  const properties = ({ total_usage = 0, metadata }: UsageEvent) => {
    if (metadata?.broken !== undefined) throw new Error("no");
    return { ratio: total_usage / Number(metadata?.by) };
  };
  const own = transportTo(server, { properties });
  const broken = outgoingEvent({ event_id: "broken", metadata: { broken: "1" } });
  expect(own.check?.event?.(broken)).toMatchObject({ field: "properties", given: "an error: Error: no" });
  expect(own.check?.event?.(outgoingEvent())).toMatchObject({ field: "properties.ratio" });
  const answer = await sendTo(own, outgoingEvent({ metadata: { by: "2" } }), broken);
  expect(answer.outcomes?.map(({ state }) => state)).toEqual(["acknowledged", "rejected"]);
  expect(server.events).toMatchObject([{ properties: { ratio: 12 } }]);
});

test("a lost answer is sent again, and counted once, beside events that are new", async () => {
  await using server = await lagoServer();
  server.next({ status: 502, keeps: true });
  await using meter = new MeterClient({
    transport: transportTo(server),
    customerLookup: staticCustomers({ tenant_123: "sub_1" }),
    delivery: { retryCapMs: 1, lingerMs: 0 },
    defaults: { tenant_id: "tenant_123", device_id: "d" },
  });
  const first = meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
  expect(await first.settled).toMatchObject({ state: "acknowledged" });
  const more = Array.from({ length: 250 }, () =>
    meter.record({ meter_id: "page.processed.basic", total_usage: 1 }),
  );
  for (const receipt of more) expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
  expect(server.events).toHaveLength(251);
});

test.each([
  [{ apiKey: "a key" }, "apiKey"],
  [{ baseUrl: "localhost" }, "baseUrl"],
  [{ codes: { a: "" } }, "codes.a"],
  [{ properties: {} }, "properties"],
])("options that cannot work are named: %j", (options, field) => {
  expect(() => Reflect.apply(lagoTransport, undefined, [{ apiKey: "lago_key", ...options }])).toThrow(
    expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(`${field}: `) }),
  );
});
