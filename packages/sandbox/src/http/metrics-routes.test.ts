import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { postEvent } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
});
afterEach(() => sandbox.close());

const scrape = async (): Promise<readonly string[]> => {
  const answer = await fetch(`${sandbox.url}/metrics`);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return (await answer.text()).split("\n");
};

test("tells what became of events, and usage by meter", async () => {
  const headers = { "idempotency-key": "a" };
  await postEvent(sandbox.url, { headers });
  await postEvent(sandbox.url, { headers });
  await postEvent(sandbox.url, { headers, body: { total_usage: 7 } });
  await postEvent(sandbox.url, { body: { total_usage: -1 } });
  await postEvent(sandbox.url, { headers: { "x-producer": "p", "x-seq": "3" } });
  await fetch(`${sandbox.url}/api/v1/customer-accounts/tenant/stranger`);
  const lines = await scrape();
  expect(lines).toEqual(
    expect.arrayContaining([
      "# TYPE meter_sandbox_events_total counter",
      'meter_sandbox_events_total{state="accepted"} 2',
      'meter_sandbox_events_total{state="duplicate"} 1',
      'meter_sandbox_events_total{state="conflict"} 1',
      'meter_sandbox_events_total{state="refused"} 1',
      'meter_sandbox_counted_events_total{meter_id="page.processed.basic"} 2',
      'meter_sandbox_usage{meter_id="page.processed.basic"} 48',
      "meter_sandbox_missing_events 2",
      "meter_sandbox_unknown_tenants 1",
      "meter_sandbox_outage 0",
    ]),
  );
});

test("a meter's id breaks no line", async () => {
  await postEvent(sandbox.url, { body: { meter_id: 'a"b\\c' } });
  expect(await scrape()).toContain('meter_sandbox_counted_events_total{meter_id="a\\"b\\\\c"} 1');
});

test("an outage is told, and does not hit the scrape", async () => {
  await fetch(`${sandbox.url}/sandbox/v1/faults`, { method: "PUT", body: '{"outcome":"unavailable"}' });
  expect(await scrape()).toContain("meter_sandbox_outage 1");
});
