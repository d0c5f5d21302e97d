import { MeterClient } from "@meter-lib/core";
import type { UsageEvent } from "@meter-lib/core/transport";
import { staticCustomers } from "@meter-lib/lookup-http";
import { OpenMeter } from "@openmeter/sdk";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openMeterServer } from "../../test/openmeter-server.ts";
import { outgoingEvent, sendTo } from "../../test/outgoing-event.ts";
import { startReceiver } from "../../test/receiver.ts";
import { type OpenMeterTransportOptions, openMeterTransport } from "../openmeter.ts";

const TIME = 1_768_473_000_000;
const performance = {
  type: "performance",
  meter_id: "chat.query.time_secs",
  total_usage: undefined,
} as const;

test("a batch is one request of CloudEvents", async () => {
  await using server = await openMeterServer();
  const answer = await sendTo(
    openMeterTransport({ baseUrl: server.url, source: "my-service" }),
    outgoingEvent({ metadata: { model: "m-1" }, session_id: "s-1" }),
    outgoingEvent({ ...performance, event_id: "e-2", start_time: TIME - 1_500, end_time: TIME }),
    outgoingEvent({ ...performance, event_id: "e-3", start_time: TIME, tenant_id: "a/b ü" }),
  );
  expect(answer.every).toEqual({ state: "acknowledged" });
  expect(server.received).toHaveLength(1);
  expect(server.received[0]).toMatchObject({ method: "POST", path: "/api/v1/events" });
  expect(server.received[0]?.headers["content-type"]).toBe("application/cloudevents-batch+json");
  expect(server.received[0]?.headers).not.toHaveProperty("authorization");
  expect(JSON.parse(server.received[0]?.body ?? "")).toEqual([
    {
      specversion: "1.0",
      id: "0198c2f0-0000-7000-8000-000000000001",
      source: "my-service/tenant_123/",
      type: "page.processed.basic",
      subject: "cus_001",
      time: "2026-01-15T10:30:00.000Z",
      data: {
        total_usage: 24,
        tenant_id: "tenant_123",
        device_id: "us-east-ing1",
        session_id: "s-1",
        metadata: { model: "m-1" },
      },
    },
    {
      specversion: "1.0",
      id: "e-2",
      source: "my-service/tenant_123/",
      type: "chat.query.time_secs",
      subject: "cus_001",
      time: "2026-01-15T10:30:00.000Z",
      data: {
        start_time: TIME - 1_500,
        end_time: TIME,
        duration_ms: 1_500,
        tenant_id: "tenant_123",
        device_id: "us-east-ing1",
      },
    },
    {
      specversion: "1.0",
      id: "e-3",
      source: "my-service/a%2Fb%20%C3%BC/",
      type: "chat.query.time_secs",
      subject: "cus_001",
      time: "2026-01-15T10:30:00.000Z",
      data: { start_time: TIME, tenant_id: "a/b ü", device_id: "us-east-ing1" },
    },
  ]);
});

test("OpenMeter's own SDK sends the same request", async () => {
  await using server = await openMeterServer({ apiKey: "om_123" });
  const event = outgoingEvent();
  await sendTo(openMeterTransport({ baseUrl: server.url, apiKey: "om_123" }), event);
  await new OpenMeter({ baseUrl: server.url, apiKey: "om_123" }).events.ingest([
    {
      id: event.event_id,
      source: "meter-lib/tenant_123/",
      type: "page.processed.basic",
      subject: "cus_001",
      time: new Date(event.event_time),
      data: { total_usage: 24, tenant_id: "tenant_123", device_id: "us-east-ing1" },
    },
  ]);
  const [ours, theirs] = server.received.map(({ method, path, headers, body }) => ({
    method,
    path,
    contentType: headers["content-type"],
    authorization: headers.authorization,
    body: JSON.parse(body),
  }));
  expect(ours).toEqual(theirs);
  expect(server.events).toHaveLength(1);
});

test.each([
  ["v3", "/api/v3/openmeter/events"],
  ["konnect", "/v3/openmeter/events"],
] as const)("%s has its own address and its own word for yes", async (api, path) => {
  await using server = await openMeterServer();
  const transport = openMeterTransport({ baseUrl: server.url, api });
  expect((await sendTo(transport, outgoingEvent())).every).toEqual({ state: "acknowledged" });
  expect(server.received).toMatchObject([{ path }]);
  expect(server.events).toHaveLength(1);
  // The word of the other API would be that of another server.
  server.next({ status: 204 }, { status: 202, body: {} });
  expect((await sendTo(transport, outgoingEvent())).every).toMatchObject({ state: "unsure" });
  expect((await sendTo(transport, outgoingEvent())).every).toMatchObject({ state: "unsure" });
});

test("two events are one at OpenMeter only if tenant and id are the same", async () => {
  await using server = await openMeterServer();
  const transport = openMeterTransport({ baseUrl: server.url });
  // Where the server's own way of joining texts would go wrong, if anywhere.
  const text = fc.string({ unit: fc.constantFrom("a", "-", "/"), minLength: 1, maxLength: 3 });
  const known = new Set<string>();
  await fc.assert(
    fc.asyncProperty(text, text, async (tenant_id, event_id) => {
      const event = outgoingEvent({ tenant_id, event_id });
      await sendTo(transport, event, event);
      known.add(`${tenant_id} ${event_id}`);
      expect(server.events).toHaveLength(known.size);
    }),
    {
      numRuns: 300,
      examples: [
        ["a", "b-c"],
        ["a-b", "c"],
      ],
    },
  );
});

describe("answers", () => {
  const answered = async (status: number, headers: Record<string, string> = {}, body: unknown = {}) => {
    await using server = await startReceiver(() => ({ status, headers, body }));
    const events = [outgoingEvent(), outgoingEvent({ event_id: "e-2" })];
    return await sendTo(openMeterTransport({ baseUrl: server.url }), ...events);
  };

  test.each([400, 422])("%i: the batch is bisected", async (status) => {
    expect(await answered(status, {}, { status, title: "Bad Request" })).toMatchObject({
      fault: { kind: "invalid", status, body: { title: "Bad Request" } },
    });
  });
  test.each([401, 403])("%i: the credentials", async (status) => {
    expect(await answered(status)).toMatchObject({ fault: { kind: "blocked", credentials: true } });
  });
  test.each([302, 404, 405, 415])("%i: not this address", async (status) => {
    expect(await answered(status)).toMatchObject({ fault: { kind: "blocked" } });
  });
  test("413: the batch is halved", async () => {
    expect(await answered(413)).toMatchObject({ fault: { kind: "too_large" } });
  });
  test.each([429, 503])("%i with Retry-After: later, nothing was taken", async (status) => {
    expect(await answered(status, { "retry-after": "7" })).toMatchObject({
      fault: { kind: "unavailable", retryAfterMs: 7_000 },
    });
  });
  // A batch is taken event by event, so a server that fails may have begun.
  test.each([200, 202, 412, 500, 502, 503])("%i: may have been taken", async (status) => {
    expect(await answered(status)).toMatchObject({ every: { state: "unsure", status } });
  });
});

test("a time that RFC 3339 cannot write is told before, and rejects its event alone", async () => {
  await using server = await openMeterServer();
  const transport = openMeterTransport({ baseUrl: server.url });
  const late = outgoingEvent({ event_id: "late", event_time: Date.UTC(10_000, 0, 1) });
  expect(transport.check?.event?.(late)).toMatchObject({ field: "event_time" });
  expect(transport.check?.event?.(outgoingEvent({ event_time: Date.UTC(9999, 11, 31) }))).toBeUndefined();
  const answer = await sendTo(transport, outgoingEvent(), late, outgoingEvent({ event_id: "e-3" }));
  expect(answer.outcomes?.map(({ state }) => state)).toEqual(["acknowledged", "rejected", "acknowledged"]);
  expect(server.events.map(({ id }) => id)).toEqual([outgoingEvent().event_id, "e-3"]);
});

test("a meter may have another name there", async () => {
  await using server = await openMeterServer();
  const transport = openMeterTransport({
    baseUrl: server.url,
    eventTypes: { "page.processed.basic": "pages" },
  });
  await sendTo(transport, outgoingEvent(), outgoingEvent({ event_id: "e-2", meter_id: "toString" }));
  expect(server.events).toMatchObject([{ type: "pages" }, { type: "toString" }]);
});

test("data may be what a meter over there looks for; a function that cannot make it breaks nothing", async () => {
  await using server = await openMeterServer();
  const data = ({ total_usage, metadata }: UsageEvent): object => {
    if (metadata?.broken !== undefined) throw new Error("no");
    return { tokens: String(total_usage) };
  };
  const transport = openMeterTransport({ baseUrl: server.url, data });
  const broken = outgoingEvent({ event_id: "broken", metadata: { broken: "1" } });
  expect(transport.check?.event?.(outgoingEvent())).toBeUndefined();
  expect(transport.check?.event?.(broken)).toMatchObject({ field: "data", given: "an error: Error: no" });
  const answer = await sendTo(transport, outgoingEvent(), broken);
  expect(answer.outcomes?.map(({ state }) => state)).toEqual(["acknowledged", "rejected"]);
  expect(server.events).toMatchObject([{ data: { tokens: "24" } }]);
  const list = openMeterTransport({ baseUrl: server.url, data: () => [] });
  expect(list.check?.event?.(outgoingEvent())).toMatchObject({ field: "data", given: "an array" });
});

test("a key may change, and is not repeated by an answer", async () => {
  const keys = ["om_old_secret", "om_new_secret"];
  await using server = await startReceiver(({ headers }) => ({
    status: 401,
    body: { detail: `no such key: ${headers.authorization}` },
  }));
  const transport = openMeterTransport({ baseUrl: server.url, apiKey: async () => keys.shift() ?? "" });
  const answers = [await sendTo(transport, outgoingEvent()), await sendTo(transport, outgoingEvent())];
  expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
    "Bearer om_old_secret",
    "Bearer om_new_secret",
  ]);
  expect(JSON.stringify(answers)).not.toMatch(/om_(?:old|new)_secret/);
});

describe("a client on it", () => {
  const client = (server: { url: string }, options: Partial<OpenMeterTransportOptions> = {}) =>
    new MeterClient({
      transport: openMeterTransport({ baseUrl: server.url, ...options }),
      customerLookup: staticCustomers({ tenant_123: "cus_001" }),
      delivery: { retryCapMs: 1, lingerMs: 0 },
      defaults: { tenant_id: "tenant_123", device_id: "d" },
    });

  test("a lost answer is sent again where the server deduplicates, and counted once", async () => {
    await using server = await openMeterServer();
    server.next({ status: 500, keeps: true });
    await using meter = client(server, { dedup: { windowMs: 86_400_000 } });
    const receipt = meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
    expect(await receipt.settled).toMatchObject({ state: "acknowledged" });
    expect(server.received).toHaveLength(2);
    expect(server.events).toMatchObject([{ id: receipt.event_id, data: { total_usage: 3 } }]);
  });

  test("where it does not, the event waits for a person", async () => {
    await using server = await openMeterServer();
    server.next({ status: 500, keeps: true });
    await using meter = client(server);
    const receipt = meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
    expect(await receipt.settled).toMatchObject({ state: "quarantined" });
    expect(server.received).toHaveLength(1);
  });
});

test.each([
  [{ baseUrl: "localhost" }, "baseUrl"],
  [{ apiKey: "om key" }, "apiKey"],
  [{ source: "a b" }, "source"],
  [{ source: "" }, "source"],
  [{ eventTypes: { a: "" } }, "eventTypes.a"],
  [{ headers: {} }, "headers"],
])("options that cannot work are named: %j", (options, field) => {
  expect(() => openMeterTransport({ baseUrl: "https://openmeter.cloud", ...options })).toThrow(
    expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(`${field}: `) }),
  );
});

test("a key that cannot be one is not repeated", () => {
  expect(() => openMeterTransport({ baseUrl: "https://openmeter.cloud", apiKey: "om secret" })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("secret") }),
  );
});
