import { MeterClient, memoryTransport, type Transport } from "@meter-lib/core";
import { route } from "@meter-lib/core/compose";
import type { Batch, SendAnswer } from "@meter-lib/core/transport";
import { staticCustomers } from "@meter-lib/lookup-http";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { expect, test } from "vitest";
import { tracedTransport } from "./traced-transport.ts";

const setUp = (transport: Transport) => {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const client = new MeterClient({
    transport: tracedTransport(transport, { tracerProvider }),
    customerLookup: staticCustomers({ tenant_123: "cust_001" }),
    defaults: { tenant_id: "tenant_123", device_id: "test" },
  });
  const spans = () =>
    exporter
      .getFinishedSpans()
      .map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status }));
  return { client, spans };
};

const usage = { meter_id: "page.processed.basic", total_usage: 3 } as const;

test("a batch is a span with its size and what was acknowledged", async () => {
  const { client, spans } = setUp(memoryTransport());
  client.record(usage);
  client.record(usage);
  await client.flush();

  expect(spans()).toEqual([
    {
      name: "meter_lib.send",
      kind: SpanKind.CLIENT,
      attributes: {
        "meter_lib.destination": "memory",
        "meter_lib.batch.events": 2,
        "meter_lib.batch.acknowledged": 2,
      },
      status: { code: SpanStatusCode.UNSET },
    },
  ]);
  await client.close();
});

test("an outcome that is no acknowledgement, a fault and a throw are errors, and change nothing", async () => {
  const transport = memoryTransport();
  const { client, spans } = setUp(transport);
  transport.failNext({ state: "unsure", reason: "reset" });
  transport.failNext({ kind: "unavailable", reason: "HTTP 429", status: 429 });
  transport.failNext(new Error("broken"));

  const results = [await client.post(usage), await client.post(usage), await client.post(usage)];

  expect(results.map((result) => result.ok)).toEqual([false, false, false]);
  expect(spans().map(({ status, attributes }) => [status, attributes["meter_lib.fault"]])).toEqual([
    [{ code: SpanStatusCode.ERROR, message: "reset" }, undefined],
    [{ code: SpanStatusCode.ERROR, message: "HTTP 429" }, "unavailable"],
    [{ code: SpanStatusCode.ERROR, message: "broken" }, undefined],
  ]);
});

test("a transport made of transports has a span where the batch is sent", async () => {
  const small = memoryTransport({ name: "small" });
  const large = memoryTransport({ name: "large" });
  const { client, spans } = setUp(route((event) => ((event.total_usage ?? 0) < 10 ? small : large)));
  client.record(usage);
  client.record({ ...usage, total_usage: 30 });
  client.record({ ...usage, total_usage: 40 });
  await client.flush();

  const sizes = spans().map(({ attributes }) => [
    attributes["meter_lib.destination"],
    attributes["meter_lib.batch.events"],
  ]);
  expect(sizes.sort()).toEqual([
    ["large", 2],
    ["small", 1],
  ]);
  await client.close();
});

test("a transport that is an instance of a class keeps its methods", async () => {
  class Refusing implements Transport {
    readonly name = "refusing";
    readonly #why = "no pages today";
    readonly check = {
      event: () => ({ field: "meter_id", given: "pages", expected: this.#why }),
    };
    async send({ events }: Batch): Promise<SendAnswer> {
      return { outcomes: events.map(() => ({ state: "acknowledged" })) };
    }
  }
  const { client } = setUp(new Refusing());

  const result = await client.post(usage);

  expect(result.ok ? "" : result.error.message).toContain("no pages today");
});
