import { describe, expect, test } from "vitest";
import { memoryOutbox } from "../log/memory-outbox.ts";
import { memoryTransport } from "../memory/memory-transport.ts";
import { MeterClient } from "./meter-client.ts";

const PAGES = { meter_id: "page.processed.basic", total_usage: 1 };
const DRAIN = "timeoutMs: expected a number ≥ 0, got NaN";

/** As a plain JavaScript caller: nothing is typed. */
const call = (client: object, method: string, args: readonly unknown[]): unknown =>
  Reflect.apply(Reflect.get(client, method), client, args);

const uncertain = async () => {
  const transport = memoryTransport();
  transport.failNext({ state: "unsure", reason: "no answer" });
  const client = new MeterClient({
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "cust_001" }) },
    outbox: memoryOutbox(),
    defaults: { tenant_id: "tenant_a", device_id: "test" },
    delivery: { lingerMs: 0 },
  });
  client.record({ meter_id: "page.processed.basic", total_usage: 1 });
  await client.flush();
  expect(await client.stats()).toMatchObject({ quarantined: 1 });
  return { transport, client };
};

describe("what a call is given beside events", () => {
  test.each<[method: string, args: readonly unknown[], words: string]>([
    [
      "redrive",
      [{ state: "quarantined", tenantId: "tenant_b" }],
      "tenantId: expected no option of this name, got a value",
    ],
    [
      "redrive",
      [{ state: "quarantined", event_ids: "one" }],
      'event_ids: expected a list of event ids, got "one"',
    ],
    ["redrive", [{}], 'state: expected "rejected" or "quarantined", got nothing'],
    ["redrive", [], "options: expected an object, got nothing"],
    [
      "discard",
      [{ state: "quarantined", tenant: "tenant_b" }, "why"],
      "tenant: expected no option of this name, got a value",
    ],
    ["list", [{ states: ["rejected"] }], "states: expected no option of this name, got a value"],
    ["ledger", [{ since: 0 }], "since: expected no option of this name, got a value"],
    ["reconcile", [{}, { from: "2026-11-01" }], 'from: expected a number ≥ 0, got "2026-11-01"'],
    ["post", [PAGES, { signal: 5 }], "signal: expected an AbortSignal, got 5"],
    ["post", [PAGES, { timeoutMs: 5 }], "timeoutMs: expected no option of this name, got a value"],
    ["record", [PAGES, { lane: "slow" }], 'lane: expected "live" or "backfill", got "slow"'],
    ["recordAll", [[PAGES], { lanes: "backfill" }], "lanes: expected no option of this name, got a value"],
    [
      "startSession",
      [{ meter_id: "chat.on.time_hours" }, { scope: "page" }],
      'scope: expected "device" or "process", got "page"',
    ],
    ["with", [{ tenantId: "tenant_b" }], "tenantId: expected no option of this name, got a value"],
    [
      "on",
      ["settled", () => {}],
      'name: expected one of acknowledged, rejected, quarantined, refused, retrying, blocked, unblocked, parked, unparked, volatile, durable, warning, skew, got "settled"',
    ],
    ["on", ["rejected", undefined], "handler: expected a function, got undefined"],
    ["flush", [{ timeoutMs: Number.NaN }], DRAIN],
    ["close", [{ timeoutMs: Number.NaN }], DRAIN],
  ])("%s refuses %j, and nothing has happened", async (method, args, words) => {
    const { client, transport } = await uncertain();
    const sent = transport.events.length;
    const made = (async () => call(client, method, args))();
    await expect(made).rejects.toMatchObject({ code: "invalid_options", message: words });
    expect(await client.stats()).toMatchObject({ recorded: 1, quarantined: 1, discarded: 0 });
    expect(transport.events).toHaveLength(sent);
    await client.close();
  });

  test("a wait without end is a wait", async () => {
    const { client } = await uncertain();
    expect(await client.flush({ timeoutMs: Number.POSITIVE_INFINITY })).toBe(true);
    expect(await client.redrive({ state: "quarantined", tenant_id: "tenant_a", event_ids: undefined })).toBe(
      1,
    );
    expect(await client.close({ timeoutMs: Number.POSITIVE_INFINITY })).toMatchObject({ acknowledged: 1 });
  });
});
