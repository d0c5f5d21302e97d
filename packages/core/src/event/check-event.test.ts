import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { defineCatalog, extendCatalog, litewaveCatalog, MeterClient, memoryTransport } from "../index.ts";

const NOW = 1_759_791_552_000;
const clock = { now: () => NOW, schedule: () => () => {} };
const customerLookup = {
  lookup: async (tenant_id: string) => ({ state: "found" as const, customer_id: `cust of ${tenant_id}` }),
};

const catalog = extendCatalog(litewaveCatalog, {
  "rule.audited": {
    type: "volume",
    name: "Audited rule",
    description: "Rules run under audit",
    metadata: v.object({ rule_id: v.pipe(v.string(), v.startsWith("rule-")) }),
  },
});

const setUp = (
  options: { redact?: (metadata: Readonly<Record<string, string>>) => Record<string, string> } = {},
) => {
  const transport = memoryTransport();
  const client = new MeterClient({ transport, customerLookup, catalog, clock, ...options });
  // As a plain JavaScript caller: nothing is typed, everything is tried.
  const post = (event: unknown) => Reflect.apply(client.post, client, [event]);
  const record = (event: unknown) => Reflect.apply(client.record, client, [event]);
  return { client, transport, post, record };
};

const volume = {
  tenant_id: "tenant_123",
  device_id: "us-east-ing1",
  meter_id: "page.processed.basic",
  total_usage: 24,
};
const chat = {
  tenant_id: "tenant_123",
  device_id: "us-east-ing1",
  meter_id: "chat.on.time_hours",
  start_time: NOW,
};
const throwing = (field: string) => ({
  ...volume,
  get [field](): string {
    throw new Error("revoked");
  },
});
// Its prototype has all that Object.prototype has, and is another one.
const ofAnotherRealm = (fields: object): object =>
  Object.assign(
    Object.create(Object.create(null, Object.getOwnPropertyDescriptors(Object.prototype))),
    fields,
  );
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const without = (event: object, field: string) =>
  Object.fromEntries(Object.entries(event).filter(([key]) => key !== field));

describe("what is wrong is named: field, given, expected; nothing is sent", () => {
  test.each<[string, unknown, string | RegExp]>([
    ["no object", null, "event: expected an object with meter_id, tenant_id and device_id, got null"],
    ["a list", [volume], "event: expected an object with meter_id, tenant_id and device_id, got an array"],
    [
      "unknown meter",
      { ...volume, meter_id: "document.basic.page" },
      /^meter_id: expected one of the catalog's \d+ meters \(perhaps "page\.processed\.basic"\), got "document\.basic\.page"$/,
    ],
    ["near miss", { ...volume, meter_id: "page.procesed.basic" }, /perhaps "page\.processed\.basic"/],
    ["meter of the prototype", { ...volume, meter_id: "constructor" }, /^meter_id: .*got "constructor"/],
    ["meter __proto__", { ...volume, meter_id: "__proto__" }, /^meter_id: .*got "__proto__"/],
    ["no meter", without(volume, "meter_id"), /^meter_id: .*got nothing/],
    [
      "no tenant",
      without(volume, "tenant_id"),
      "tenant_id: expected text of 1 to 255 characters without control characters, got nothing",
    ],
    ["empty tenant", { ...volume, tenant_id: "" }, /^tenant_id: .*got ""/],
    ["10,000 characters", { ...volume, device_id: "d".repeat(10_000) }, /^device_id: .*\(10000 characters\)/],
    ["tenant of control characters", { ...volume, tenant_id: "a\nb" }, /^tenant_id: .*"a\\nb"/],
    ["half an emoji", { ...volume, tenant_id: "\ud83d" }, /^tenant_id:/],
    ["a number as device", { ...volume, device_id: 7 }, /^device_id: .*got 7/],
    [
      "no usage",
      without(volume, "total_usage"),
      "total_usage: expected an integer from 0 to 2^53 − 1, got nothing",
    ],
    [
      "a fraction",
      { ...volume, total_usage: 2.5 },
      "total_usage: expected an integer from 0 to 2^53 − 1, got 2.5",
    ],
    ["less than nothing", { ...volume, total_usage: -1 }, /^total_usage: .*got -1/],
    ["NaN", { ...volume, total_usage: Number.NaN }, /^total_usage: .*got NaN/],
    ["Infinity", { ...volume, total_usage: Number.POSITIVE_INFINITY }, /^total_usage: .*got Infinity/],
    ["2^53", { ...volume, total_usage: 2 ** 53 }, /^total_usage: .*got 9007199254740992/],
    ["a text", { ...volume, total_usage: "24" }, /^total_usage: .*got "24"/],
    ["a bigint", { ...volume, total_usage: 24n }, /^total_usage: .*got 24n/],
    [
      "times on a volume meter",
      { ...volume, start_time: NOW },
      /^start_time: expected no value: a volume meter uses total_usage, got/,
    ],
    [
      "usage on a performance meter",
      { ...chat, total_usage: 1 },
      /^total_usage: expected no value: a performance meter uses start_time and end_time, got 1/,
    ],
    [
      "no time",
      without(chat, "start_time"),
      "start_time: expected start_time, end_time or both, got nothing",
    ],
    [
      "end before start",
      { ...chat, end_time: NOW - 1 },
      `end_time: expected a time at or after start_time (${NOW}), got ${NOW - 1}`,
    ],
    [
      "seconds",
      { ...chat, start_time: 1_759_791_552 },
      /^start_time: expected milliseconds since the epoch \(this looks like seconds: multiply by 1000\), got 1759791552/,
    ],
    [
      "microseconds",
      { ...chat, start_time: NOW * 1000 },
      /^start_time: expected milliseconds since the epoch \(this looks like microseconds: divide by 1000\), got 1759/,
    ],
    ["nanoseconds", { ...volume, event_time: NOW * 1e6 }, /nanoseconds: divide by 1000000\), got 1759/],
    [
      "a start in milliseconds and an end in microseconds",
      { ...chat, end_time: NOW * 1000 },
      /^end_time: .*microseconds/,
    ],
    ["the smallest of microseconds", { ...chat, start_time: 1e14 }, /microseconds/],
    ["the smallest of seconds", { ...chat, start_time: 1 }, /seconds/],
    ["the largest of seconds", { ...chat, start_time: 1e11 }, /seconds/],
    [
      "an ISO text",
      { ...chat, start_time: "2025-10-06T22:59:12Z" },
      /^start_time: expected milliseconds since the epoch/,
    ],
    ["a Date", { ...chat, start_time: new Date(NOW) }, /^start_time: .*, got a Date$/],
    ["seconds as event time", { ...volume, event_time: 1_759_791_552 }, /^event_time: .*seconds/],
    ["event id with a blank", { ...volume, event_id: "a b" }, /^event_id: expected 1 to 255 visible ASCII/],
    ["an emoji as event id", { ...volume, event_id: "🧾" }, /^event_id:/],
    ["metadata of numbers", { ...volume, metadata: { n: 1 } }, "metadata.n: expected text, got 1"],
    [
      "metadata that is a text",
      { ...volume, metadata: "x" },
      'metadata: expected a plain object of texts, got "x"',
    ],
    [
      "metadata that is a Map",
      { ...volume, metadata: new Map([["region", "eu"]]) },
      "metadata: expected a plain object of texts, got a Map",
    ],
    ["metadata that is a Set", { ...volume, metadata: new Set(["eu"]) }, /got a Set$/],
    ["metadata that is a Headers", { ...volume, metadata: new Headers({ region: "eu" }) }, /got a Headers$/],
    ["metadata that is a FormData", { ...volume, metadata: new FormData() }, /got a FormData$/],
    [
      "metadata without its await",
      { ...volume, metadata: Promise.resolve({ region: "eu" }) },
      /got a Promise$/,
    ],
    ["metadata that is a Date", { ...volume, metadata: new Date(NOW) }, /got a Date$/],
    ["metadata that is an Error", { ...volume, metadata: new Error("no region") }, /got an Error$/],
    ["metadata that is a list", { ...volume, metadata: ["eu"] }, /got an array$/],
    [
      "metadata that inherits",
      { ...volume, metadata: Object.create({ region: "eu" }) },
      /got an object with a prototype of its own$/,
    ],
    [
      "metadata that inherits from what inherits nothing",
      { ...volume, metadata: Object.create(Object.assign(Object.create(null), { region: "eu" })) },
      /got an object with a prototype of its own$/,
    ],
    [
      "metadata that throws",
      { ...volume, metadata: throwing("region") },
      'event: expected readable fields, got an object that throws "revoked"',
    ],
    ["a field that throws", throwing("tenant_id"), /^event: expected readable fields/],
    ["an id that throws", throwing("event_id"), /^event: expected readable fields/],
    ["a revoked proxy", revoked(), /^event: expected readable fields/],
    [
      "metadata __proto__",
      { ...volume, metadata: JSON.parse('{"__proto__":"x"}') },
      /^metadata: expected keys .* not __proto__, got the key "__proto__"/,
    ],
    [
      "too much metadata",
      { ...volume, metadata: { text: "x".repeat(33_000) } },
      /^metadata: expected an event of at most 32768 bytes, got an event of \d+ bytes/,
    ],
    [
      "a field that is none",
      { ...volume, quantity: 1 },
      /^quantity: expected one of the fields meter_id, tenant_id, .*, got 1$/,
    ],
    [
      "a field that is another's",
      { ...volume, totalUsage: 1 },
      /session_id \(perhaps "total_usage"\), got 1$/,
    ],
    [
      "metadata against its schema",
      { ...volume, meter_id: "rule.audited", metadata: { rule_id: "x" } },
      /^metadata\.rule_id: expected metadata that its schema accepts/,
    ],
    ["metadata that its schema misses", { ...volume, meter_id: "rule.audited" }, /^metadata/],
  ])("%s", async (_, event, message) => {
    const { transport, post, record } = setUp();
    const result = await post(event);
    expect(result).toMatchObject({
      ok: false,
      event_id: undefined,
      error: { code: "invalid_event", ambiguous: false },
    });
    expect(result.error.message).toMatch(message);
    expect(result.error.issues.length).toBeGreaterThan(0);
    const receipt = record(event);
    await expect(receipt.durable).resolves.toMatchObject({
      ok: false,
      reason: "refused",
      error: { message: result.error.message },
    });
    await expect(receipt.settled).resolves.toMatchObject({
      state: "refused",
      error: { code: "invalid_event" },
    });
    expect(transport.batches).toEqual([]);
  });

  test("all that is wrong is told at once", async () => {
    const { post } = setUp();
    const { error } = await post({
      meter_id: "page.processed.basic",
      tenant_id: "",
      total_usage: -1,
      event_time: 5,
    });
    expect(error.issues.map(({ field }: { field: string }) => field)).toEqual([
      "tenant_id",
      "device_id",
      "event_time",
      "total_usage",
    ]);
  });
});

describe("what is right arrives as it was given", () => {
  test.each<[string, object, object]>([
    ["time 0", { ...chat, start_time: 0 }, { start_time: 0 }],
    ["the first time that is none in seconds", { ...chat, start_time: 1e11 + 1 }, { start_time: 1e11 + 1 }],
    [
      "the last time that is none in microseconds",
      { ...chat, start_time: 1e14 - 1 },
      { start_time: 1e14 - 1 },
    ],
    [
      "metadata without a prototype",
      { ...volume, metadata: Object.assign(Object.create(null), { region: "eu" }) },
      { metadata: { region: "eu" } },
    ],
    [
      "metadata of another realm",
      { ...volume, metadata: ofAnotherRealm({ region: "eu" }) },
      { metadata: { region: "eu" } },
    ],
    ["both times alike", { ...chat, end_time: NOW }, { start_time: NOW, end_time: NOW }],
    ["−0 is 0", { ...volume, total_usage: -0 }, { total_usage: 0 }],
    [
      "the largest usage",
      { ...volume, total_usage: Number.MAX_SAFE_INTEGER },
      { total_usage: 9007199254740991 },
    ],
    ["an emoji in a name", { ...volume, tenant_id: "mieter 🧾" }, { tenant_id: "mieter 🧾" }],
    [
      "metadata with a name of the prototype",
      { ...volume, metadata: { constructor: "x" } },
      { metadata: { constructor: "x" } },
    ],
    [
      "metadata of a schema",
      { ...volume, meter_id: "rule.audited", metadata: { rule_id: "rule-1" } },
      { metadata: { rule_id: "rule-1" } },
    ],
    [
      "metadata that is undefined",
      { ...volume, metadata: { a: "1", b: undefined } },
      { metadata: { a: "1" } },
    ],
    ["now by default", volume, { event_time: NOW }],
    [
      "null is nothing",
      { ...volume, event_time: null, session_id: null },
      { event_time: NOW, session_id: undefined },
    ],
  ])("%s", async (_, event, expected) => {
    const { transport, post } = setUp();
    expect(await post(event)).toMatchObject({ ok: true });
    expect(transport.events[0]).toMatchObject(expected);
  });

  test("any integer is a usage, any well-formed text without control characters a tenant", async () => {
    const { transport, post } = setUp();
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 50 })
      .filter((text) => !/\p{Cc}/u.test(text));
    await fc.assert(
      fc.asyncProperty(name, fc.maxSafeNat(), async (tenant_id, total_usage) => {
        transport.clear();
        expect(await post({ ...volume, tenant_id, total_usage })).toMatchObject({ ok: true });
        expect(transport.events[0]).toMatchObject({
          tenant_id,
          total_usage,
          customer_id: `cust of ${tenant_id}`,
        });
      }),
    );
  });

  test("what the caller changes afterwards changes nothing", async () => {
    const { client, record } = setUp();
    const metadata = { batch: "one" };
    await record({ ...volume, metadata }).durable;
    metadata.batch = "two";
    const [row] = await client.list();
    expect(row?.event.metadata).toEqual({ batch: "one" });
  });
});

test("an asynchronous schema is refused, one that throws too", async () => {
  const later = defineCatalog({
    m: {
      type: "volume",
      name: "m",
      description: "m",
      metadata: v.pipeAsync(
        v.record(v.string(), v.string()),
        v.checkAsync(async () => true),
      ),
    },
  });
  const client = new MeterClient({ transport: memoryTransport(), customerLookup, catalog: later });
  const result = await client.post({ ...volume, meter_id: "m", metadata: {} });
  expect(result).toMatchObject({
    ok: false,
    error: { message: "metadata: expected a synchronous schema, got an asynchronous schema" },
  });
});

describe("redact", () => {
  test("takes out of metadata what must not leave", async () => {
    const { transport, post } = setUp({ redact: ({ email: _, ...rest }) => rest });
    await post({ ...volume, metadata: { email: "a@b.c", batch: "1" } });
    expect(transport.events[0]?.metadata).toEqual({ batch: "1" });
  });

  test("when it throws, the usage counts and nothing leaks", async () => {
    const { transport, post } = setUp({
      redact: () => {
        throw new Error("broken");
      },
    });
    expect(await post({ ...volume, metadata: { email: "a@b.c" } })).toMatchObject({ ok: true });
    expect(transport.events[0]?.metadata).toBeUndefined();
  });
});

test("ids are UUIDv7: they sort by time and never repeat", async () => {
  const { transport, post } = setUp();
  for (let i = 0; i < 1_000; i++) await post(volume);
  const ids = transport.events.map(({ event_id }) => event_id);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt((ids[0] ?? "").replace("-", "").slice(0, 12), 16)).toBe(NOW);
});
