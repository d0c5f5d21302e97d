import {
  type CustomerLookup,
  MeterClient,
  memoryOutbox,
  memoryTransport,
  type Outbox,
  type Transport,
} from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";
import { instrumentMeterClient } from "./instrument-meter-client.ts";

/** Collects when a test asks. */
class TestReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A durable one whose disk is gone. */
const failingOutbox = (): Outbox => {
  const fail = () => Promise.reject(new Error("disk I/O error"));
  const inner = memoryOutbox();
  return new Proxy(inner, {
    get: (_, key) => {
      if (key === "durable") return true;
      if (key === "open" || key === "commit" || key === "claim") return fail;
      const value: unknown = Reflect.get(inner, key, inner);
      return typeof value === "function" ? value.bind(inner) : value;
    },
  });
};

const observed = (
  transport: Transport,
  customerLookup: CustomerLookup = staticCustomers({ tenant_123: "cust_001" }),
  outbox?: Outbox,
) => {
  const reader = new TestReader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const client = new MeterClient({
    transport,
    customerLookup,
    ...(outbox === undefined ? {} : { outbox }),
    defaults: { tenant_id: "tenant_123", device_id: "test" },
    delivery: { lingerMs: 0 },
  });
  const stop = instrumentMeterClient(client, { meterProvider });
  /** The newest value of each metric, as `name{attributes}`. */
  const collect = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    return Object.fromEntries(
      resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ descriptor, dataPoints }) =>
          dataPoints.map(({ attributes, value }) => [
            [descriptor.name, ...Object.values(attributes)].join(" "),
            value,
          ]),
        ),
      ),
    );
  };
  return { client, collect, stop, meterProvider };
};

test("accounts by meter, and the destination", async () => {
  const { client, collect, meterProvider } = observed(memoryTransport());
  client.record({ meter_id: "page.processed.basic", total_usage: 3 });
  client.record({ meter_id: "page.processed.basic", total_usage: 4 });
  client.record({ meter_id: "report.generated.small", total_usage: 1 });
  await client.flush();

  expect(await collect()).toMatchObject({
    "meter_lib.events.recorded page.processed.basic": 2,
    "meter_lib.events.acknowledged page.processed.basic": 2,
    "meter_lib.events.pending page.processed.basic": 0,
    "meter_lib.events.recorded report.generated.small": 1,
    "meter_lib.destination.queued memory": 0,
    "meter_lib.destination.in_flight memory": 0,
    "meter_lib.destination.working memory": 1,
    "meter_lib.tenants.parked": 0,
  });
  await client.close();
  await meterProvider.shutdown();
});

test("a blocked destination and a tenant without a customer show", async () => {
  const transport = memoryTransport();
  transport.failNext({ kind: "blocked", reason: "HTTP 401", status: 401 });
  const { client, collect, meterProvider } = observed(transport);
  const blocked = new Promise((resolve) => client.on("blocked", resolve));
  const parked = new Promise((resolve) => client.on("parked", resolve));
  client.record({ meter_id: "page.processed.basic", total_usage: 3 });
  client.record({ tenant_id: "tenant_999", meter_id: "page.processed.basic", total_usage: 3 });
  await Promise.all([blocked, parked]);

  expect(await collect()).toMatchObject({
    "meter_lib.events.pending page.processed.basic": 2,
    "meter_lib.destination.working memory": 0,
    "meter_lib.tenants.parked": 1,
  });
  await client.close({ timeoutMs: 0 });
  await meterProvider.shutdown();
});

test("what is not recorded shows by code, and a lookup that refuses its key as a destination", async () => {
  const { client, collect, meterProvider } = observed(memoryTransport(), {
    lookup: async () => ({ state: "failed", reason: "HTTP 401", status: 401, credentials: true }),
  });
  client.on("refused", () => {});
  const blocked = new Promise((resolve) => client.on("blocked", resolve));
  client.record({ meter_id: "page.processed.basic", total_usage: Number("-1") });
  client.record({ meter_id: "page.processed.basic", total_usage: Number("-1") });
  client.record({ meter_id: "page.processed.basic", total_usage: 1 });
  await blocked;

  expect(await collect()).toMatchObject({
    "meter_lib.events.refused invalid_event": 2,
    "meter_lib.destination.working customer lookup": 0,
    "meter_lib.tenants.parked": 0,
    "meter_lib.outbox.working": 1,
    "meter_lib.warnings": 0,
  });
  await client.close({ timeoutMs: 0 });
  await meterProvider.shutdown();
});

test("an outbox that fails shows, and what it warns of", async () => {
  const { client, collect, meterProvider } = observed(memoryTransport(), undefined, failingOutbox());
  const volatile = new Promise((resolve) => client.on("volatile", resolve));
  client.record({ meter_id: "page.processed.basic", total_usage: 1 });
  await volatile;

  expect(await collect()).toMatchObject({ "meter_lib.outbox.working": 0, "meter_lib.warnings": 0 });
  await client.close({ timeoutMs: 0 });
  expect(client.health()).toMatchObject({
    ok: false,
    outbox: { state: "retrying", reason: "disk I/O error" },
  });
  await meterProvider.shutdown();
});

test("nothing is observed after the end", async () => {
  const { client, collect, stop, meterProvider } = observed(memoryTransport());
  client.record({ meter_id: "page.processed.basic", total_usage: 3 });
  await client.flush();

  stop();

  expect(await collect()).toEqual({});
  await client.close();
  await meterProvider.shutdown();
});
