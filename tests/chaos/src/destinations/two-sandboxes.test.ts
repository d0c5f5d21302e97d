import { MeterClient, memoryOutbox } from "@meter-lib/core";
import { fanOut } from "@meter-lib/core/compose";
import { staticCustomers } from "@meter-lib/lookup-http";
import { createSandbox, type Sandbox, sandboxLedger } from "@meter-lib/sandbox";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { expect, test } from "vitest";

const EVENTS = 120;

const clientTo = (sandbox: Sandbox) =>
  new MeterClient({
    transport: fetchTransport({
      baseUrl: sandbox.url,
      dialect: "kafka-rest",
      dedup: { windowMs: 86_400_000 },
    }),
    customerLookup: staticCustomers({ tenant: "customer" }),
    outbox: memoryOutbox(),
    delivery: { lingerMs: 0, retryCapMs: 20 },
    defaults: { tenant_id: "tenant", device_id: "device" },
  });

const disturb = (sandbox: Sandbox, fault: object) =>
  fetch(`${sandbox.url}/sandbox/v1/faults`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
  });

test("two sandboxes, each with faults of its own: one that is out does not hold up the other, and both are exact in the end", async () => {
  const tenants = { tenant: "customer" };
  await using out = await createSandbox({ tenants });
  await using slow = await createSandbox({ tenants });
  const clients = { out: clientTo(out), slow: clientTo(slow) };
  await using meters = fanOut(clients);
  await disturb(out, { outcome: "unavailable" });
  await disturb(slow, { delay_ms: 20 });
  let usage = 0;
  for (let i = 1; i <= EVENTS; i++) {
    meters.record({ meter_id: "page.processed.basic", total_usage: i });
    usage += i;
  }
  expect(await clients.slow.flush(), "while the other is out").toBe(true);
  expect(slow.usage()).toMatchObject([{ events: EVENTS, total_usage: usage }]);
  expect(out.usage()).toEqual([]);
  expect(await clients.out.stats()).toMatchObject({ pending: EVENTS });
  await disturb(slow, { outcome: "reset" });
  await disturb(out, {});
  clients.out.retryNow();
  meters.record({ meter_id: "page.processed.basic", total_usage: 1 });
  expect(await clients.out.flush(), "while the first is out").toBe(true);
  await disturb(slow, {});
  clients.slow.retryNow();
  expect(await meters.flush()).toBe(true);
  for (const sandbox of [out, slow])
    expect(sandbox.usage()).toMatchObject([{ events: EVENTS + 1, total_usage: usage + 1 }]);
  expect(
    await meters.reconcile({ out: sandboxLedger(out.url), slow: sandboxLedger(slow.url) }),
  ).toMatchObject({
    out: { agrees: true },
    slow: { agrees: true },
  });
});
