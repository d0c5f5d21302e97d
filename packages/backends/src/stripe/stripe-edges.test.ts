import { MeterClient, memoryOutbox } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { fakeClock } from "@meter-lib/testing";
import type { HttpResponse } from "@meter-lib/transport-fetch";
import { expect, test } from "vitest";
import { stripeServer } from "../../test/stripe-server.ts";
import { stripeTransport } from "../stripe.ts";

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const reply = (status: number, body: object): HttpResponse => ({
  status,
  header: () => null,
  read: async () => ({ text: JSON.stringify(body), whole: true }),
  discard: () => {},
});

/** Stripe, which is out from the second call on until it is told otherwise; the answer to the first one is lost, if so. */
const setUp = (firstAnswerIsLost: boolean) => {
  const clock = fakeClock();
  const counted = new Set<string>();
  const stripe = { isOut: !firstAnswerIsLost, calls: 0 };
  const client = new MeterClient({
    transport: stripeTransport({
      apiKey: "sk_test_123",
      clock,
      send: async ({ body }) => {
        stripe.calls++;
        if (stripe.isOut) return reply(429, { error: { type: "api_error", message: "come back later" } });
        const identifier = new URLSearchParams(await new Response(body).text()).get("identifier") ?? "";
        if (counted.has(identifier))
          return reply(400, { error: { message: `An event already exists with identifier ${identifier}.` } });
        counted.add(identifier);
        if (!firstAnswerIsLost || counted.size > 1) return reply(200, { object: "billing.meter_event" });
        stripe.isOut = true;
        throw new Error("the connection was reset");
      },
    }),
    customerLookup: staticCustomers({ tenant: "cus_1" }),
    clock,
    random: () => 1,
    delivery: { lingerMs: 0 },
    defaults: { tenant_id: "tenant", device_id: "d" },
  });
  const record = async (event_time?: number) => {
    client.record({ meter_id: "page.processed.basic", total_usage: 3, event_time });
    await clock.advance(SECOND);
  };
  return { clock, client, counted, stripe, record };
};

test.each([
  ["before 24 hours are over, Stripe knows it: sent again, and counted once", DAY - HOUR, "acknowledged"],
  ["after 24 hours, nobody may send it again: it waits for a person", DAY + HOUR, "quarantined"],
] as const)("an event whose answer was lost, %s", async (_, ms, state) => {
  const { clock, client, counted, stripe, record } = setUp(true);
  await record();
  expect(counted.size).toBe(1);
  await clock.advance(ms);
  stripe.isOut = false;
  client.retryNow();
  await clock.advance(10 * SECOND);
  expect(await client.stats()).toMatchObject({ recorded: 1, pending: 0, [state]: 1 });
  expect(counted.size).toBe(1);
});

test.each([
  ["just within 35 days: counted", 35 * DAY - HOUR, "acknowledged"],
  ["just beyond: a dead letter that was not sent", 35 * DAY + HOUR, "rejected"],
] as const)("an event that an outage kept waiting, %s", async (_, ms, state) => {
  const { clock, client, counted, stripe, record } = setUp(false);
  await record();
  await clock.advance(ms);
  stripe.isOut = false;
  client.retryNow();
  await clock.advance(10 * SECOND);
  expect(await client.stats()).toMatchObject({ recorded: 1, pending: 0, [state]: 1 });
  expect(counted.size).toBe(state === "acknowledged" ? 1 : 0);
});

test("an event is cancelled within 24 hours and not later; it is not amended", async () => {
  const clock = fakeClock();
  await using server = await stripeServer({ now: clock.now });
  const client = new MeterClient({
    transport: stripeTransport({ apiKey: "sk_test_123", baseUrl: server.url, clock }),
    customerLookup: staticCustomers({ tenant: "cus_1" }),
    outbox: memoryOutbox({ keepAcknowledgedMs: 3 * DAY }),
    clock,
    delivery: { lingerMs: 0 },
    defaults: { tenant_id: "tenant", device_id: "d" },
  });
  const [first, second] = [1, 2].map(
    (total_usage) => client.record({ meter_id: "page.processed.basic", total_usage }).event_id,
  );
  await client.flush();
  expect(server.counted).toBe(3);
  expect(
    await client.amend(first ?? "", { meter_id: "page.processed.basic", total_usage: 5 }, "five"),
  ).toMatchObject({ ok: false, error: { code: "not_correctable" } });
  await clock.advance(DAY);
  expect(await client.cancel(first ?? "", "wrong")).toEqual({ ok: true, state: "recorded" });
  await client.flush();
  expect(server.counted).toBe(2);
  await clock.advance(1);
  expect(await client.cancel(second ?? "", "too late")).toMatchObject({
    ok: false,
    error: { code: "not_correctable", message: expect.stringContaining("within 24 h") },
  });
  expect(await client.stats()).toMatchObject({ recorded: 3, acknowledged: 3 });
});

test("an event from 35 days ago is recorded; one from a moment before is refused", async () => {
  const { clock, client, record } = setUp(false);
  await record(clock.now() - 35 * DAY + SECOND);
  expect(await client.stats()).toMatchObject({ recorded: 1 });
  await record(clock.now() - 35 * DAY - 1);
  expect(await client.stats()).toMatchObject({ recorded: 1, refused: { invalid_event: 1 } });
});
