import { MeterClient } from "@meter-lib/core";
import type { OutgoingEvent, UsageEvent } from "@meter-lib/core/transport";
import { staticCustomers } from "@meter-lib/lookup-http";
import { fakeClock } from "@meter-lib/testing";
import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { NOW, outgoingEvent, sendTo } from "../../test/outgoing-event.ts";
import { type Reply, startReceiver } from "../../test/receiver.ts";
import { stripeError, stripeServer } from "../../test/stripe-server.ts";
import { type StripeTransportOptions, stripeTransport } from "../stripe.ts";

const DAY = 86_400_000;
const clock = { now: () => NOW };
const transportTo = (baseUrl: string, options: Partial<StripeTransportOptions> = {}) =>
  stripeTransport({ apiKey: "sk_test_123", baseUrl, clock, ...options });
const performance = {
  type: "performance",
  meter_id: "chat.query.time_secs",
  total_usage: undefined,
} as const;

const formOf = async (event: OutgoingEvent, options: Partial<StripeTransportOptions> = {}) => {
  await using server = await stripeServer({ now: () => NOW });
  const answer = await sendTo(transportTo(server.url, options), event);
  expect(answer.outcomes).toMatchObject([{ state: "acknowledged" }]);
  return Object.fromEntries(new URLSearchParams(server.received[0]?.body));
};

test("an event is one form", async () => {
  expect(await formOf(outgoingEvent({ metadata: { model: "m 1" } }))).toEqual({
    event_name: "page.processed.basic",
    identifier: "tenant_123/0198c2f0-0000-7000-8000-000000000001",
    timestamp: "1768473000",
    "payload[stripe_customer_id]": "cus_001",
    "payload[value]": "24",
    "payload[model]": "m 1",
  });
});

test("a client with a meter whose name is too long for Stripe is not made, unless it has another there", () => {
  const meter_id = "m".repeat(101);
  const made = (options: Partial<StripeTransportOptions>) =>
    new MeterClient({
      catalog: { [meter_id]: { type: "volume" } },
      transport: transportTo("https://api.stripe.com", options),
      customerLookup: staticCustomers({}),
    });
  expect(() => made({})).toThrow(/^catalog\.m+: expected an id of at most 100 characters/);
  expect(() => made({ eventNames: { [meter_id]: "short" } })).not.toThrow();
});

test("measured time is whole milliseconds, at its end", async () => {
  const event = outgoingEvent({ ...performance, start_time: NOW - 2_500, end_time: NOW - 999 });
  expect(await formOf(event)).toMatchObject({
    event_name: "chat.query.time_secs",
    timestamp: "1768473599",
    "payload[value]": "1501",
  });
});

test("names and values may be others", async () => {
  const options: Partial<StripeTransportOptions> = {
    eventNames: { "page.processed.basic": "pages" },
    value: ({ total_usage = 0 }) => total_usage * 10,
  };
  expect(await formOf(outgoingEvent(), options)).toMatchObject({
    event_name: "pages",
    "payload[value]": "240",
  });
  await using server = await startReceiver(() => ({ status: 200, body: { object: "billing.meter_event" } }));
  await sendTo(transportTo(server.url, { customerKey: "customer", valueKey: "units" }), outgoingEvent());
  expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toMatchObject({
    "payload[customer]": "cus_001",
    "payload[units]": "24",
  });
});

test("Stripe's own client sends the same form", async () => {
  await using server = await startReceiver(() => ({ status: 200, body: { object: "billing.meter_event" } }));
  const { port } = new URL(server.url);
  const stripe = new Stripe("sk_test_123", { host: "127.0.0.1", port, protocol: "http", telemetry: false });
  await sendTo(
    transportTo(server.url, { account: "acct_1" }),
    outgoingEvent({ metadata: { model: "é&=+ [1]" } }),
  );
  await stripe.billing.meterEvents.create(
    {
      event_name: "page.processed.basic",
      identifier: "tenant_123/0198c2f0-0000-7000-8000-000000000001",
      timestamp: 1_768_473_000,
      payload: { stripe_customer_id: "cus_001", value: "24", model: "é&=+ [1]" },
    },
    { stripeAccount: "acct_1" },
  );
  const [ours, theirs] = server.received.map(({ method, path, headers, body }) => ({
    method,
    path,
    contentType: headers["content-type"],
    authorization: headers.authorization,
    account: headers["stripe-account"],
    form: Object.fromEntries(new URLSearchParams(body)),
  }));
  expect(ours).toEqual(theirs);
});

test("a cancellation is the adjustment that Stripe's own client sends, under a key of its own", async () => {
  await using server = await startReceiver(() => ({
    status: 200,
    body: { object: "billing.meter_event_adjustment" },
  }));
  const { port } = new URL(server.url);
  const stripe = new Stripe("sk_test_123", { host: "127.0.0.1", port, protocol: "http", telemetry: false });
  const correction = { event_id: "e1", revision: 1, kind: "cancel", reason: "wrong" } as const;
  const { outcomes } = await sendTo(
    transportTo(server.url),
    outgoingEvent({ event_id: "e1~1", event_time: NOW - 40 * DAY, correction }),
  );
  expect(outcomes).toMatchObject([{ state: "acknowledged" }]);
  await stripe.billing.meterEventAdjustments.create({
    event_name: "page.processed.basic",
    type: "cancel",
    cancel: { identifier: "tenant_123/e1" },
  });
  const [ours, theirs] = server.received.map(({ method, path, body }) => ({
    method,
    path,
    form: Object.fromEntries(new URLSearchParams(body)),
  }));
  expect(ours).toEqual(theirs);
  expect(server.received[0]?.headers["idempotency-key"]).toBe("tenant_123/e1~1");
});

describe("answers", () => {
  const answered = async (reply: ReturnType<typeof stripeError>) => {
    await using server = await startReceiver(() => reply);
    return await sendTo(transportTo(server.url), outgoingEvent());
  };

  test.each([
    stripeError(400, "An event already exists with identifier tenant_123/1."),
    stripeError(400, "A meter event with a duplicate identifier was submitted.", "duplicate_meter_event"),
  ])("an identifier that Stripe has is delivered: %j", async (reply) => {
    expect((await answered(reply)).outcomes).toMatchObject([{ state: "acknowledged", duplicate: true }]);
  });

  test("other 400s are about the event, in Stripe's words", async () => {
    expect(await answered(stripeError(400, "No such meter", "no_meter"))).toMatchObject({
      fault: { kind: "invalid", reason: "Stripe (HTTP 400): no_meter: No such meter", status: 400 },
    });
  });

  test("a customer that is gone rejects its event and blocks nobody else", async () => {
    expect(await answered(stripeError(404, "No such customer", "resource_missing"))).toMatchObject({
      outcomes: [{ state: "rejected", status: 404 }],
    });
    expect(await answered(stripeError(404, "Unrecognized request URL"))).toMatchObject({
      fault: { kind: "blocked" },
    });
  });

  test.each([
    stripeError(409, "Another request is in progress"),
    stripeError(429, "This object cannot be accessed right now", "lock_timeout"),
  ])("a call for the same customer at the same time: later, and only this event: %j", async (reply) => {
    expect(await answered(reply)).toMatchObject({ outcomes: [{ state: "retry" }] });
  });

  test.each([
    [stripeError(429, "Too many requests", "rate_limit"), { kind: "unavailable" }],
    [stripeError(401, "Invalid API Key"), { kind: "blocked", credentials: true }],
    [stripeError(403, "The key may not"), { kind: "blocked", credentials: true }],
    [{ status: 302, headers: { location: "https://example.com/" } }, { kind: "blocked" }],
    [{ status: 409, body: "a proxy's" }, undefined],
    [stripeError(500, "Something went wrong", undefined, "api_error"), undefined],
    [stripeError(503, "Busy", undefined, "api_error"), undefined],
    [{ status: 200, body: { object: "something else" } }, undefined],
    [{ status: 200, body: "<html>" }, undefined],
    [{ status: 204 }, undefined],
  ])("%j", async (reply, fault) => {
    expect(await answered(reply)).toMatchObject(
      fault === undefined ? { outcomes: [{ state: "unsure" }] } : { fault },
    );
  });
});

describe("what Stripe would refuse, or drop without a word, is told when it is recorded", () => {
  const issue = (fields: Partial<UsageEvent>, options: Partial<StripeTransportOptions> = {}) =>
    transportTo("https://api.stripe.com", options).check?.event?.(outgoingEvent(fields));

  test.each([
    [{ event_time: NOW - 35 * DAY - 1 }, "event_time"],
    [{ event_time: NOW + 300_001 }, "event_time"],
    [{ ...performance, start_time: NOW }, "end_time"],
    [{ ...performance, end_time: NOW }, "end_time"],
    [{ ...performance, start_time: NOW - 40 * DAY }, "start_time"],
    [{ ...performance, start_time: NOW, end_time: NOW + 300_001 }, "end_time"],
    [{ total_usage: 1e15 }, "total_usage"],
    [{ meter_id: "m".repeat(101) }, "meter_id"],
    [{ metadata: { value: "1" } }, "metadata.value"],
    [{ metadata: { stripe_customer_id: "cus_2" } }, "metadata.stripe_customer_id"],
    [{ metadata: { "a[b]": "1" } }, "metadata.a[b]"],
    [{ metadata: { a: "x".repeat(101) } }, "metadata.a"],
  ])("%j", (fields, field) => {
    expect(issue(fields)).toMatchObject({ field, given: expect.any(String), expected: expect.any(String) });
  });

  test.each([
    { event_time: NOW - 35 * DAY },
    { event_time: NOW + 300_000 },
    { total_usage: 0 },
    { total_usage: 999_999_999_999_999 },
    { ...performance, start_time: NOW - 40 * DAY, end_time: NOW },
    { metadata: { a: "x".repeat(100) } },
  ])("fine: %j", (fields) => {
    expect(issue(fields)).toBeUndefined();
  });

  test.each([2.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15])("a value of %d", (value) => {
    expect(issue({}, { value: () => value })).toMatchObject({ field: "total_usage" });
  });

  test("a value function that throws breaks nothing", () => {
    const value = () => {
      throw new Error("no");
    };
    expect(issue({}, { value })).toMatchObject({ field: "value", given: "an error: Error: no" });
  });

  test("and again when it is sent: nothing leaves", async () => {
    await using server = await stripeServer({ now: () => NOW });
    const answer = await sendTo(transportTo(server.url), outgoingEvent({ event_time: NOW - 36 * DAY }));
    expect(answer.outcomes).toMatchObject([
      { state: "rejected", reason: expect.stringContaining("35 days") },
    ]);
    expect(server.received).toHaveLength(0);
  });
});

describe("a client on it", () => {
  test("a lost answer: sent again, known there, counted once", async () => {
    await using server = await stripeServer();
    server.next({ status: 500, keeps: true });
    await using client = new MeterClient({
      transport: stripeTransport({ apiKey: "sk_test_123", baseUrl: server.url }),
      customerLookup: staticCustomers({ tenant_123: "cus_001" }),
      delivery: { retryCapMs: 1, lingerMs: 0 },
      defaults: { tenant_id: "tenant_123", device_id: "d" },
    });
    const receipt = client.record({ meter_id: "page.processed.basic", total_usage: 3 });
    expect(await receipt.settled).toMatchObject({ state: "acknowledged", duplicate: true });
    expect(server.identifiers).toEqual([`tenant_123/${receipt.event_id}`]);
  });

  test("one call at a time for a customer: the others come again, and each counts once", async () => {
    await using server = await stripeServer();
    server.next(...Array<Reply>(20).fill(stripeError(409, "Another call for this customer is in progress")));
    await using client = new MeterClient({
      transport: stripeTransport({ apiKey: "sk_test_123", baseUrl: server.url }),
      customerLookup: staticCustomers({ tenant_123: "cus_001" }),
      delivery: { retryCapMs: 1, lingerMs: 0 },
      defaults: { tenant_id: "tenant_123", device_id: "d" },
    });
    const receipts = Array.from({ length: 40 }, () =>
      client.record({ meter_id: "page.processed.basic", total_usage: 1 }),
    );
    const fates = await Promise.all(receipts.map(({ settled }) => settled));
    expect(fates.every(({ state }) => state === "acknowledged")).toBe(true);
    expect(new Set(server.identifiers)).toEqual(
      new Set(receipts.map(({ event_id }) => `tenant_123/${event_id}`)),
    );
    expect(server.received).toHaveLength(60);
  });

  test("an event that is too old is refused with a word that helps", async () => {
    const time = fakeClock(NOW);
    await using client = new MeterClient({
      transport: transportTo("https://api.stripe.com", { clock: time }),
      customerLookup: staticCustomers({ tenant_123: "cus_001" }),
      clock: time,
      defaults: { tenant_id: "tenant_123", device_id: "d" },
    });
    const result = await client.post({
      meter_id: "page.processed.basic",
      total_usage: 3,
      event_time: NOW - 36 * DAY,
    });
    expect(result).toMatchObject({ ok: false, error: { code: "invalid_event" } });
  });
});

test.each([
  [{ apiKey: "" }, "apiKey"],
  [{ apiKey: "sk secret" }, "apiKey"],
  [{ account: "acct 1" }, "account"],
  [{ apiVersion: "" }, "apiVersion"],
  [{ customerKey: "a]" }, "customerKey"],
  [{ eventNames: { a: "x".repeat(101) } }, "eventNames.a"],
  [{ dedup: false }, "dedup"],
])("options that cannot work are named: %j", (options, field) => {
  expect(() => stripeTransport({ apiKey: "sk_test_123", ...options })).toThrow(
    expect.objectContaining({ code: "invalid_options", message: expect.stringContaining(`${field}: `) }),
  );
});
