import type { ReconcileBackend, Transport } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { describe, expect, test } from "vitest";
import { lagoServer } from "../../test/lago-server.ts";
import { openMeterServer } from "../../test/openmeter-server.ts";
import type { Receiver } from "../../test/receiver.ts";
import { keepingClient } from "../../test/refuted-client.ts";
import { stripeServer } from "../../test/stripe-server.ts";
import { lagoLedger, lagoTransport } from "../lago.ts";
import { openMeterLateRejections, openMeterLedger, openMeterTransport } from "../openmeter.ts";
import { stripeLedger, stripeTransport } from "../stripe.ts";

const HOUR = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR) * HOUR - HOUR;
const customerLookup = staticCustomers({ tenant_123: "cus_1" });
const KNOWN = ["page.processed.basic", "report.generated.dataquery"] as const;

interface Backend {
  readonly name: string;
  readonly by: "ids" | "sums";
  start(meters: readonly string[]): Promise<Receiver>;
  transport(url: string): Transport;
  ledger(url: string): ReconcileBackend;
}

const backends: readonly Backend[] = [
  {
    name: "OpenMeter",
    by: "ids",
    start: (meters) => openMeterServer({ meters }),
    transport: (baseUrl) => openMeterTransport({ baseUrl }),
    ledger: (baseUrl) => openMeterLedger({ baseUrl, customerLookup }),
  },
  {
    name: "Stripe",
    by: "sums",
    start: (meters) => stripeServer({ meters }),
    transport: (baseUrl) => stripeTransport({ baseUrl, apiKey: "sk_test_123" }),
    ledger: (baseUrl) => stripeLedger({ baseUrl, apiKey: "sk_test_123", customerLookup }),
  },
  {
    name: "Lago",
    by: "ids",
    start: (metrics) => lagoServer({ metrics }),
    transport: (baseUrl) => lagoTransport({ baseUrl, apiKey: "lago_key" }),
    ledger: (baseUrl) => lagoLedger({ baseUrl, apiKey: "lago_key", customerLookup }),
  },
];

/** Events of two meters in three hours, and of a third meter. */
const record = (client: ReturnType<typeof keepingClient>) =>
  [...KNOWN, "page.processed.advanced" as const].flatMap((meter_id) =>
    [0, 1, 2].flatMap((hours) =>
      [1, 2, 4].map((total_usage) =>
        client.record({ meter_id, total_usage, event_time: NOW - hours * HOUR + total_usage * 60_000 }),
      ),
    ),
  );

describe.each(backends)("$name", ({ by, start, transport, ledger }) => {
  test("what it counted agrees, hour by hour", async () => {
    await using server = await start([...KNOWN, "page.processed.advanced"]);
    await using client = keepingClient(transport(server.url));
    record(client);
    await client.flush();
    expect(await client.reconcile(ledger(server.url))).toEqual({
      agrees: true,
      by,
      compared: 9,
      drifting: 0,
      differences: [],
      gaps: [],
    });
  });

  test("what it took and does not count is a drift, until it is refuted and discarded", async () => {
    await using server = await start(KNOWN);
    await using client = keepingClient(transport(server.url));
    const lost = record(client)
      .slice(18)
      .map(({ event_id }) => event_id);
    await client.flush();
    const drifting = await client.reconcile(ledger(server.url)).catch((error) => error);
    expect(drifting).toMatchObject({ agrees: false, drifting: 3 });
    for (const difference of drifting.differences) {
      expect(difference).toMatchObject({
        meter_id: "page.processed.advanced",
        drifts: true,
        acknowledged: 3,
        acknowledged_usage: 7,
        counted_usage: 0,
      });
      expect(difference.missing).toHaveLength(by === "ids" ? 3 : 0);
    }
    expect(await client.refute(lost, "no such meter")).toEqual(lost.map(() => "refuted"));
    expect(await client.reconcile(ledger(server.url))).toMatchObject({ agrees: false, drifting: 0 });
    await client.discard({ state: "rejected" }, "not to be billed");
    expect(await client.reconcile(ledger(server.url))).toMatchObject({ agrees: true, drifting: 0 });
  });

  test("a tenant without a customer was counted for nothing; two of one customer cannot be told apart", async () => {
    await using server = await start(KNOWN);
    const row = { meter_id: KNOWN[0], hour: NOW };
    const backend = ledger(server.url);
    expect(await backend.ledger({}, [{ ...row, tenant_id: "nobody" }])).toEqual([]);
    expect(await backend.ids?.({ ...row, tenant_id: "nobody" })).toEqual(by === "ids" ? [] : undefined);
  });
});

test("OpenMeter's list of events tells what it found wrong; asked again, it changes nothing", async () => {
  await using server = await openMeterServer({ meters: KNOWN });
  await using client = keepingClient(openMeterTransport({ baseUrl: server.url }));
  record(client);
  await client.flush();
  const poll = openMeterLateRejections({ client, baseUrl: server.url });
  expect(await poll()).toMatchObject({ refuted: 9, repeated: 0, unresolved: [] });
  expect(await poll()).toMatchObject({ refuted: 0, repeated: 9 });
  expect(await client.list({ limit: 1 })).toMatchObject([
    { reason: "event_without_meter: no meter for page.processed.advanced" },
  ]);
  const result = await client.reconcile(openMeterLedger({ baseUrl: server.url, customerLookup }));
  expect(result).toMatchObject({ drifting: 0 });
});

test("tenants that share a customer are refused, as sums do not tell them apart", async () => {
  await using server = await stripeServer();
  const shared = staticCustomers({ a: "cus_1", b: "cus_1" });
  const backend = stripeLedger({ baseUrl: server.url, apiKey: "sk_test_123", customerLookup: shared });
  const rows = ["a", "b"].map((tenant_id) => ({ tenant_id, meter_id: KNOWN[0], hour: NOW }));
  await expect(backend.ledger({}, rows)).rejects.toThrow("the tenants a and b share the customer cus_1");
});

test("what a backend refuses is told in its words, without the key", async () => {
  await using server = await stripeServer();
  const backend = stripeLedger({ baseUrl: server.url, apiKey: "sk_test_wrong", customerLookup });
  const asked = backend.ledger({}, [{ tenant_id: "tenant_123", meter_id: KNOWN[0], hour: NOW }]);
  await expect(asked).rejects.toThrow("Stripe: /v1/billing/meters answered 401");
  await expect(asked).rejects.not.toThrow("sk_test_wrong");
});
