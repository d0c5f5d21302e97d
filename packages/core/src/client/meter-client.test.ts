import { describe, expect, test } from "vitest";
import { fallback } from "../compose.ts";
import {
  MeterClient,
  type MeterError,
  type MeterErrorCode,
  memoryTransport,
  type PostResult,
  type Transport,
} from "../index.ts";
import type { LookupAnswer, SendAnswer } from "../transport.ts";

const found = {
  lookup: async (tenant_id: string) => ({ state: "found" as const, customer_id: `cust_${tenant_id}` }),
};
const event = {
  tenant_id: "tenant_123",
  device_id: "us-east-ing1",
  meter_id: "page.processed.basic",
  total_usage: 24,
} as const;

const errorOf = (result: PostResult): MeterError => {
  if (result.ok) throw new Error("expected a failure");
  return result.error;
};

describe("check()", () => {
  test("says what a call would refuse, and sends nothing", async () => {
    const transport = memoryTransport();
    const client = new MeterClient({ transport, customerLookup: found, defaults: { device_id: "d" } });
    expect(client.check({ ...event, device_id: undefined })).toBeUndefined();
    expect(client.check({ ...event, total_usage: 2.5 })).toMatchObject({
      code: "invalid_event",
      issues: [{ field: "total_usage", given: "2.5" }],
    });
    expect(client.check("nothing")).toMatchObject({ code: "invalid_event" });
    expect(transport.events).toEqual([]);
  });

  test("asks the transport what it cannot carry", () => {
    const issue = { field: "metadata", given: "an object", expected: "nothing" };
    const client = new MeterClient({
      transport: { ...memoryTransport(), check: { event: () => issue } },
      customerLookup: found,
    });
    expect(client.check(event)?.issues).toEqual([issue]);
  });
});

describe("recordAll()", () => {
  test("a receipt for each event, in their order, also for one that is refused", async () => {
    const transport = memoryTransport();
    const client = new MeterClient({ transport, customerLookup: found });

    const receipts = client.recordAll([event, { ...event, total_usage: -1 }, { ...event, total_usage: 7 }]);
    await client.flush();

    expect(await Promise.all(receipts.map(({ settled }) => settled))).toMatchObject([
      { state: "acknowledged" },
      { state: "refused", error: { code: "invalid_event" } },
      { state: "acknowledged" },
    ]);
    expect(transport.events.map(({ total_usage }) => total_usage)).toEqual([24, 7]);
    await client.close();
  });
});

describe("post()", () => {
  test("looks up the customer and answers what the backend said", async () => {
    const transport = memoryTransport();
    const client = new MeterClient({ transport, customerLookup: found });
    const result = await client.post(event);
    expect(result).toEqual({
      ok: true,
      event_id: transport.events[0]?.event_id,
      response: { status: "accepted" },
      duplicate: false,
    });
    expect(transport.events).toMatchObject([{ ...event, customer_id: "cust_tenant_123", type: "volume" }]);
  });

  test("tells a duplicate", async () => {
    const client = new MeterClient({
      transport: memoryTransport({ dedup: { windowMs: 1_000 } }),
      customerLookup: found,
    });
    await client.post({ ...event, event_id: "e1" });
    expect(await client.post({ ...event, event_id: "e1" })).toMatchObject({
      ok: true,
      event_id: "e1",
      duplicate: true,
    });
  });

  test.each<[string, LookupAnswer, MeterErrorCode, RegExp]>([
    ["no customer", { state: "unknown" }, "customer_not_found", /^tenant "tenant_123" has no customer$/],
    [
      "a reason for it",
      { state: "unknown", reason: "empty list" },
      "customer_not_found",
      /no customer: empty list$/,
    ],
    [
      "a failure",
      { state: "failed", reason: "502 from the portal", status: 502 },
      "lookup_failed",
      /could not be looked up: 502 from the portal$/,
    ],
    [
      "a customer without an id",
      { state: "found", customer_id: "" },
      "lookup_failed",
      /a customer without an id/,
    ],
  ])("sends nothing when the lookup answers %s", async (_, answer, code, message) => {
    const transport = memoryTransport();
    const client = new MeterClient({ transport, customerLookup: { lookup: async () => answer } });
    const error = errorOf(await client.post(event));
    expect(error).toMatchObject({ name: "MeterError", code, ambiguous: false });
    expect(error.message).toMatch(message);
    expect(transport.batches).toEqual([]);
  });

  test.each([
    ["null", "null"],
    ['{"customer_id":"cust_001"}', "an object"],
    ['"cust_001"', '"cust_001"'],
  ])("a lookup that answers %s, which is no answer, is a failed lookup that says so", async (json, shown) => {
    const customerLookup = { lookup: async () => JSON.parse(json) };
    const client = new MeterClient({ transport: memoryTransport(), customerLookup });
    const { message } = errorOf(await client.post(event));
    expect(message).toContain(`the customer lookup returned ${shown} instead of a state`);
  });

  test("a lookup that throws, at once or later, is a failed lookup", async () => {
    const boom = () => {
      throw new Error("no network");
    };
    for (const lookup of [boom, async () => boom()]) {
      const client = new MeterClient({ transport: memoryTransport(), customerLookup: { lookup } });
      expect(errorOf(await client.post(event))).toMatchObject({
        code: "lookup_failed",
        message: expect.stringContaining("no network"),
      });
    }
  });

  test.each<[string, SendAnswer, MeterErrorCode, boolean]>([
    [
      "a connection refused",
      { fault: { kind: "unavailable", reason: "ECONNREFUSED" } },
      "unreachable",
      false,
    ],
    ["429", { fault: { kind: "unavailable", reason: "slow down", status: 429 } }, "refused", false],
    [
      "401",
      { fault: { kind: "blocked", reason: "wrong key", status: 401, credentials: true } },
      "refused",
      false,
    ],
    ["422", { fault: { kind: "invalid", reason: "bad meter", status: 422 } }, "refused", false],
    ["a record refused", { outcomes: [{ state: "rejected", reason: "too large" }] }, "refused", false],
    ["500", { outcomes: [{ state: "unsure", reason: "500", status: 500 }] }, "refused", true],
    ["a connection reset", { outcomes: [{ state: "unsure", reason: "reset" }] }, "unreachable", true],
    ["a timeout", { outcomes: [{ state: "unsure", reason: "late", timeout: true }] }, "timeout", true],
    [
      "a captive portal",
      { outcomes: [{ state: "unsure", reason: "HTML", status: 200 }] },
      "unexpected_response",
      true,
    ],
    ["too few outcomes", { outcomes: [] }, "unreachable", true],
  ])("says whether it may have been counted: %s", async (_, answer, code, ambiguous) => {
    const transport: Transport = { name: "scripted", send: async () => answer };
    const result = await new MeterClient({ transport, customerLookup: found }).post({
      ...event,
      event_id: "mine",
    });
    expect(result).toMatchObject({ ok: false, event_id: "mine", error: { code, ambiguous } });
  });

  test("carries status and body of a refusal", async () => {
    const transport: Transport = {
      name: "scripted",
      send: async () => ({
        fault: { kind: "invalid", reason: "no", status: 422, body: { detail: "no such meter" } },
      }),
    };
    const error = errorOf(await new MeterClient({ transport, customerLookup: found }).post(event));
    expect(error).toMatchObject({ status: 422, body: { detail: "no such meter" } });
  });

  test("a transport that throws leaves it unsure", async () => {
    const transport = memoryTransport();
    transport.failNext(new Error("broken"));
    const error = errorOf(await new MeterClient({ transport, customerLookup: found }).post(event));
    expect(error).toMatchObject({ ambiguous: true, message: expect.stringContaining("broken") });
  });

  test("an abort before anything is sent, and one on the way", async () => {
    const transport = memoryTransport();
    const client = new MeterClient({ transport, customerLookup: found });
    const before = errorOf(await client.post(event, { signal: AbortSignal.abort() }));
    expect(before).toMatchObject({ code: "aborted", ambiguous: false });
    expect(transport.batches).toEqual([]);

    const abort = new AbortController();
    const slow: Transport = {
      name: "slow",
      send: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () =>
            resolve({ outcomes: [{ state: "unsure", reason: "cut off" }] }),
          );
          abort.abort();
        }),
    };
    const onTheWay = await new MeterClient({ transport: slow, customerLookup: found }).post(event, {
      signal: abort.signal,
    });
    expect(errorOf(onTheWay)).toMatchObject({ code: "aborted", ambiguous: true });
  });

  test("a transport and a lookup that never answer are not waited for longer than timeoutMs", async () => {
    const never = new Promise<never>(() => {});
    const deaf: Transport = { name: "deaf", send: () => never };
    const sent = new MeterClient({ transport: deaf, customerLookup: found, timeoutMs: 5 });
    expect(errorOf(await sent.post(event))).toMatchObject({ code: "timeout", ambiguous: true });
    const lookedUp = new MeterClient({
      transport: memoryTransport(),
      customerLookup: { lookup: () => never },
      timeoutMs: 5,
    });
    expect(errorOf(await lookedUp.post(event))).toMatchObject({ code: "lookup_failed", ambiguous: false });
  });

  test.each([
    ["the backend takes", memoryTransport({ maxEventAgeMs: 3_600_000 })],
    [
      "one backend of a fallback takes",
      fallback([memoryTransport(), memoryTransport({ maxEventAgeMs: 3_600_000 })]),
    ],
  ])("events older than %s are refused, never shifted", async (_, transport) => {
    const client = new MeterClient({ transport, customerLookup: found });
    const error = errorOf(await client.post({ ...event, event_time: Date.now() - 3_700_000 }));
    expect(error.message).toMatch(/^event_time: expected a time within the last 3600000 ms/);
  });
});

test("with() binds a context that an event can still override; the client itself stays as it was", async () => {
  const transport = memoryTransport();
  const client = new MeterClient({ transport, customerLookup: found });
  const bound = client.with({ tenant_id: "a" }).with({ device_id: "d1" });
  await bound.post({ meter_id: "page.processed.basic", total_usage: 1 });
  await bound.post({ tenant_id: "b", meter_id: "page.processed.basic", total_usage: 1 });
  expect(transport.events).toMatchObject([
    { tenant_id: "a", device_id: "d1", customer_id: "cust_a" },
    { tenant_id: "b", device_id: "d1", customer_id: "cust_b" },
  ]);
  expect(
    await Reflect.apply(client.post, client, [{ meter_id: "page.processed.basic", total_usage: 1 }]),
  ).toMatchObject({ ok: false });
});

test("defaults bind from the start", async () => {
  const transport = memoryTransport();
  const client = new MeterClient({
    transport,
    customerLookup: found,
    defaults: { tenant_id: "a", device_id: "d1" },
  });
  expect(await client.post({ meter_id: "page.processed.basic", total_usage: 1 })).toMatchObject({ ok: true });
});

test("concurrent calls of many tenants keep their customers apart", async () => {
  const transport = memoryTransport();
  const customerLookup = {
    lookup: async (tenant_id: string) => {
      for (let turn = 0; turn < tenant_id.length % 5; turn++) await Promise.resolve();
      return { state: "found" as const, customer_id: `cust_${tenant_id}` };
    },
  };
  const client = new MeterClient({ transport, customerLookup });
  const tenants = Array.from({ length: 200 }, (_, index) => "t".repeat((index % 7) + 1) + index);
  await Promise.all(tenants.map((tenant_id) => client.post({ ...event, tenant_id })));
  for (const { tenant_id, customer_id } of transport.events) expect(customer_id).toBe(`cust_${tenant_id}`);
  expect(transport.events).toHaveLength(200);
});

test("after close() nothing is sent or recorded, and the answer says so", async () => {
  const transport = memoryTransport();
  const client = new MeterClient({ transport, customerLookup: found });
  const [first, second] = [client.close(), client.close()];
  expect(await first).toBe(await second);
  expect(errorOf(await client.post(event))).toMatchObject({ code: "closed", ambiguous: false });
  await expect(client.record(event).durable).resolves.toMatchObject({ ok: false, error: { code: "closed" } });
  expect(transport.batches).toEqual([]);
});

test("`await using` closes", async () => {
  let disposed = 0;
  const transport: Transport = {
    ...memoryTransport(),
    [Symbol.asyncDispose]: async () => {
      disposed++;
    },
  };
  {
    await using client = new MeterClient({ transport, customerLookup: found });
    await client.post(event);
  }
  expect(disposed).toBe(1);
});

test("what closing loses is told, also where nobody reads what close() returns", async () => {
  const transport = memoryTransport();
  transport.failNext({ kind: "unavailable", reason: "down" });
  const client = new MeterClient({ transport, customerLookup: found });
  const told: string[] = [];
  client.on("warning", ({ message }) => told.push(message));
  client.record(event);
  await client.close({ timeoutMs: 0 });
  expect(told).toEqual(["closing lost 1 event, in memory only: a durable outbox keeps them"]);
});
