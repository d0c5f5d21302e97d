import { defineCatalog, MeterClient } from "@meter-lib/core";
import type { OutgoingEvent } from "@meter-lib/core/transport";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { json, loopbackServer, type SeenRequest } from "../test/loopback-server.ts";
import { outcomesOf } from "../test/outcomes-of.ts";
import { outgoingEvent } from "../test/outgoing-event.ts";
import { type FetchTransportOptions, fetchTransport } from "./index.ts";

const baseUrl = "https://meter.example.com";
const context = () => ({ signal: AbortSignal.timeout(60_000), deadline: Date.now() + 60_000 });

/** Sends to a server that takes everything, and gives what it saw. */
const seenBy = async (
  events: readonly OutgoingEvent[],
  options: Omit<FetchTransportOptions, "baseUrl"> = {},
  path = "",
) => {
  await using server = await loopbackServer((response, { body }) => {
    const { records = [] } = JSON.parse(body);
    json(response, 200, { offsets: records.map(() => ({ partition: 0, offset: 1 })) });
  });
  const answer = await fetchTransport({ ...options, baseUrl: server.url + path }).send({ events }, context());
  expect(outcomesOf(answer, events.length).map(({ state }) => state)).toEqual(
    events.map(() => "acknowledged"),
  );
  return server.requests;
};

const only = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`expected one, got ${items.length}`);
  return item;
};

describe("events", () => {
  test("ids and times travel as headers, the body stays the guide's", async () => {
    const event = outgoingEvent({ session_id: "s-1" });
    const { path, headers, body } = only(await seenBy([event]));
    expect(path).toBe("/api/v1/events");
    expect(headers).toMatchObject({
      "content-type": "application/json",
      accept: "*/*",
      "x-tenant-id": event.tenant_id,
      "x-device-id": event.device_id,
      "idempotency-key": event.event_id,
      "x-event-time": "1759791552000",
      "x-producer": "producer-1",
      "x-seq": "7",
      "x-session-id": "s-1",
    });
    expect(body).toBe('{"meter_id":"page.processed.basic","total_usage":24,"customer_id":"cust_001"}');
  });

  test("an event without session, producer and seq has no headers for them", async () => {
    const { headers } = only(await seenBy([outgoingEvent({ producer: undefined, seq: undefined })]));
    for (const name of ["x-producer", "x-seq", "x-session-id"]) expect(headers).not.toHaveProperty(name);
  });

  test("a performance event carries the times it has, 0 too", async () => {
    const performance = { type: "performance", total_usage: undefined } as const;
    const body = async (times: Partial<OutgoingEvent>) =>
      only(await seenBy([outgoingEvent({ ...performance, ...times })])).body;
    expect(await body({ start_time: 0 })).toBe(
      '{"meter_id":"page.processed.basic","start_time":0,"customer_id":"cust_001"}',
    );
    expect(await body({ start_time: 5, end_time: 6 })).toBe(
      '{"meter_id":"page.processed.basic","start_time":5,"end_time":6,"customer_id":"cust_001"}',
    );
  });

  test("a client with a meter that takes no event without metadata is not made over it", () => {
    const catalog = defineCatalog({
      "page.scanned": { type: "volume" },
      "rule.executed": { type: "volume", metadata: v.object({ rule_id: v.string() }) },
    });
    const made = (dialect: "events" | "kafka-rest") =>
      new MeterClient({
        catalog,
        transport: fetchTransport({ baseUrl, dialect }),
        customerLookup: { lookup: async () => ({ state: "unknown" }) },
      });
    expect(() => made("events")).toThrow(
      'catalog.rule.executed.metadata: expected none: the dialect "events" has no place for metadata',
    );
    expect(() => made("kafka-rest")).not.toThrow();
  });

  test("it is one event a request, up to 64 requests at once", () => {
    expect(fetchTransport({ baseUrl })).toMatchObject({
      limits: { maxBatchEvents: 1, maxInFlight: 64 },
      receiver: { dedup: false },
    });
  });

  test.each(["", " a", "a ", "\u{1f600}", "日本", "é", "a\nb", "a\tb", "a\u0000"])(
    "check refuses the id %j by its field",
    (id) => {
      const { check } = fetchTransport({ baseUrl });
      for (const field of ["tenant_id", "device_id", "event_id", "session_id"] as const) {
        expect(check?.event?.(outgoingEvent({ [field]: id }))).toMatchObject({
          field,
          given: expect.any(String),
        });
      }
    },
  );

  test("strictWire sends no event id and no session, so it does not mind them", () => {
    const { check } = fetchTransport({ baseUrl, strictWire: true });
    expect(check?.event?.(outgoingEvent({ event_id: "é", session_id: "é" }))).toBeUndefined();
    expect(check?.event?.(outgoingEvent({ tenant_id: "é" }))).toMatchObject({ field: "tenant_id" });
  });

  test.each([false, true])(
    "check refuses metadata, which has no place here (strictWire %s)",
    (strictWire) => {
      const { check } = fetchTransport({ baseUrl, strictWire });
      expect(check?.event?.(outgoingEvent({ metadata: { a: "b" } }))).toMatchObject({ field: "metadata" });
      expect(check?.event?.(outgoingEvent({ metadata: {} }))).toBeUndefined();
      expect(check?.event?.(outgoingEvent())).toBeUndefined();
    },
  );

  test("what passes the check arrives unchanged", async () => {
    await using server = await loopbackServer((response) => json(response, 200, {}));
    const transport = fetchTransport({ baseUrl: server.url });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.string({ maxLength: 40 }),
        async (tenant_id, device_id) => {
          const event = outgoingEvent({ tenant_id, device_id });
          const answer = await transport.send({ events: [event] }, context());
          const refused = transport.check?.event?.(event) !== undefined;
          expect(outcomesOf(answer)).toMatchObject([{ state: refused ? "rejected" : "acknowledged" }]);
          if (refused) return;
          expect(server.requests.at(-1)?.headers).toMatchObject({
            "x-tenant-id": tenant_id,
            "x-device-id": device_id,
          });
        },
      ),
    );
  });
});

const valuesOf = ({ body }: SeenRequest): readonly unknown[] =>
  JSON.parse(body).records.map((record: { value: unknown }) => record.value);

describe("kafka-rest", () => {
  test("a batch is one request, ids beside the user's metadata", async () => {
    const events = [
      outgoingEvent({ metadata: { rule_id: "r-1" }, session_id: "s-1" }),
      outgoingEvent({
        type: "performance",
        total_usage: undefined,
        start_time: 0,
        producer: undefined,
        seq: undefined,
      }),
    ];
    const request = only(await seenBy(events, { dialect: "kafka-rest" }));
    expect(request).toMatchObject({ method: "POST", path: "/topics/usage-events" });
    expect(request.headers).toMatchObject({
      "content-type": "application/vnd.kafka.json.v2+json",
      accept: "*/*",
    });
    expect(request.headers).not.toHaveProperty("content-encoding");
    const ids = {
      "meter.event_id": "01a2b3c4-0000-7000-8000-000000000001",
      "meter.tenant_id": "tenant_123",
      "meter.device_id": "us-east-ing1",
    };
    expect(valuesOf(request)).toEqual([
      {
        meter_id: "page.processed.basic",
        customer_id: "cust_001",
        total_usage: 24,
        event_time: 1_759_791_552_000,
        metadata: {
          rule_id: "r-1",
          ...ids,
          "meter.session_id": "s-1",
          "meter.producer": "producer-1",
          "meter.seq": "7",
        },
      },
      {
        ai_event: true,
        meter_id: "page.processed.basic",
        customer_id: "cust_001",
        metadata: ids,
        start_time: 0,
      },
    ]);
  });

  test("another topic has another path", async () => {
    const { path } = only(await seenBy([outgoingEvent()], { dialect: "kafka-rest", topic: "usage.v2_eu-1" }));
    expect(path).toBe("/topics/usage.v2_eu-1");
  });

  test("ids of any text travel", async () => {
    const tenant_id = "日本 \u{1f600}\n";
    const { check } = fetchTransport({ baseUrl, dialect: "kafka-rest" });
    expect(check?.event?.(outgoingEvent({ tenant_id }))).toBeUndefined();
    const request = only(await seenBy([outgoingEvent({ tenant_id })], { dialect: "kafka-rest" }));
    expect(valuesOf(request)).toMatchObject([{ metadata: { "meter.tenant_id": tenant_id } }]);
  });

  test("check refuses a user's key with our prefix, which strictWire leaves to the user", () => {
    const event = outgoingEvent({ metadata: { fine: "1", "meter.seq": "2" } });
    expect(fetchTransport({ baseUrl, dialect: "kafka-rest" }).check?.event?.(event)).toMatchObject({
      field: "metadata.meter.seq",
    });
    expect(
      fetchTransport({ baseUrl, dialect: "kafka-rest", strictWire: true }).check?.event?.(event),
    ).toBeUndefined();
  });
});

test.each([
  ["", "/api/v1/events"],
  ["/", "/api/v1/events"],
  ["/gateway/eu", "/gateway/eu/api/v1/events"],
  ["/gateway/eu/", "/gateway/eu/api/v1/events"],
])("the base path %j leads to %s", async (path, expected) => {
  expect(only(await seenBy([outgoingEvent()], {}, path)).path).toBe(expected);
});

test("what the options say about the receiver is what the engine sees", () => {
  const refreshCredentials = async () => {};
  const dedup = { windowMs: 86_400_000, domain: "eu" };
  expect(fetchTransport({ baseUrl, dedup, refreshCredentials, name: "primary" })).toMatchObject({
    receiver: { dedup },
    refreshCredentials,
    name: "primary",
  });
  expect(fetchTransport({ baseUrl }).name).toBe("events https://meter.example.com");
});

test("a custom fetch and ky's hooks see the request", async () => {
  const seen: string[] = [];
  const transport = fetchTransport({
    baseUrl,
    fetch: async (input) => {
      seen.push(
        `fetch ${input instanceof Request ? input.url : input} ${input instanceof Request ? input.redirect : ""}`,
      );
      return Response.json({ status: "accepted" });
    },
    ky: { hooks: { beforeRequest: [({ request }) => void seen.push(`hook ${request.method}`)] } },
  });
  expect(outcomesOf(await transport.send({ events: [outgoingEvent()] }, context()))).toMatchObject([
    { state: "acknowledged" },
  ]);
  expect(seen).toEqual(["hook POST", "fetch https://meter.example.com/api/v1/events manual"]);
});

test("corrections are carried out at any time, for as long as is said, or not at all", () => {
  const taken = (corrections: FetchTransportOptions["corrections"]) =>
    fetchTransport({ baseUrl: "http://localhost", dialect: "kafka-rest", corrections }).receiver?.corrections;
  expect(taken(true)).toEqual({ cancelMs: Number.POSITIVE_INFINITY, amendMs: Number.POSITIVE_INFINITY });
  expect(taken({ amendMs: 1_000 })).toEqual({ amendMs: 1_000 });
  expect(taken(false)).toBeUndefined();
});
