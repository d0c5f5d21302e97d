import fc from "fast-check";
import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { NOW } from "../../test/outgoing-event.ts";
import { startReceiver } from "../../test/receiver.ts";
import { acknowledged, keepingClient } from "../../test/refuted-client.ts";
import type { LateReport } from "../late/refuter.ts";
import { type StripeWebhookOptions, stripeWebhook } from "./stripe-webhook.ts";

const SECRET = "whsec_test_secret";
const stripe = new Stripe("sk_test_123");

/** A request that Stripe's own library has signed. */
const signed = (payload: string, { secret = SECRET, at = NOW, url = "https://app.example/stripe" } = {}) =>
  new Request(url, {
    method: "POST",
    headers: {
      "stripe-signature": stripe.webhooks.generateTestHeaderString({
        payload,
        secret,
        timestamp: Math.floor(at / 1000),
      }),
    },
    body: payload,
  });

const KIND = "v1.billing.meter.error_report_triggered";
const notification = (id = "evt_1", type = KIND) =>
  JSON.stringify({ id, object: "v2.core.event", type, livemode: false, created: "2026-01-15T10:40:00Z" });

/** An event as Stripe answers it, with as many samples as identifiers. */
const eventOf = (identifiers: readonly string[], error_count = identifiers.length) => ({
  id: "evt_1",
  object: "v2.core.event",
  type: KIND,
  data: {
    developer_message_summary: "There is an invalid event",
    reason: {
      error_count,
      error_types: [
        {
          code: "meter_event_customer_not_found",
          error_count,
          sample_errors: identifiers.map((identifier) => ({
            error_message: "customer mapping key not found",
            request: { identifier },
          })),
        },
      ],
    },
    validation_start: "2026-01-15T10:30:00Z",
    validation_end: "2026-01-15T10:40:00Z",
  },
});

const withStripe = async (event: object, status = 200) => startReceiver(() => ({ status, body: event }));

const handlerFor = (
  client: StripeWebhookOptions["client"],
  url: string,
  options: Partial<StripeWebhookOptions> = {},
) =>
  stripeWebhook({
    client,
    secret: SECRET,
    apiKey: "sk_test_123",
    baseUrl: url,
    clock: { now: () => NOW },
    ...options,
  });

test("events that Stripe reports become dead letters; what it does not name is told", async () => {
  await using client = keepingClient();
  const [first = "", second = ""] = await acknowledged(client, 3);
  await using server = await withStripe(
    eventOf([`tenant_123/${first}`, `tenant_123/${second}`, "from-elsewhere"], 40),
  );
  const reports: LateReport[] = [];
  const handle = handlerFor(client, server.url, { onReport: (report) => reports.push(report) });
  const response = await handle(signed(notification()));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    refuted: 2,
    repeated: 0,
    waiting: 0,
    unresolved: [
      {
        id: "from-elsewhere",
        reason: "meter_event_customer_not_found: customer mapping key not found",
        why: "not_ours",
      },
    ],
    unnamed: [
      {
        events: 37,
        reason: "meter_event_customer_not_found",
        from: Date.parse("2026-01-15T10:30:00Z"),
        to: Date.parse("2026-01-15T10:40:00Z"),
      },
    ],
  });
  expect(reports).toHaveLength(1);
  expect(server.received).toMatchObject([{ method: "GET", path: "/v2/core/events/evt_1" }]);
  expect(server.received[0]?.headers).toMatchObject({ authorization: "Bearer sk_test_123" });
  expect(await client.stats()).toMatchObject({ acknowledged: 1, rejected: 2, refuted: 2 });
  expect((await client.list()).map(({ reason }) => reason)).toEqual([
    "meter_event_customer_not_found: customer mapping key not found",
    "meter_event_customer_not_found: customer mapping key not found",
  ]);
});

test("a delivery that comes again changes nothing, also after the events were sent again", async () => {
  await using client = keepingClient();
  const [id = ""] = await acknowledged(client, 1);
  await using server = await withStripe(eventOf([`tenant_123/${id}`]));
  const handle = handlerFor(client, server.url);
  await handle(signed(notification()));
  await client.redrive({ state: "rejected" });
  await client.flush();
  const again = await handle(signed(notification()));
  expect(await again.json()).toEqual({ replayed: true });
  expect(await client.stats()).toMatchObject({ acknowledged: 1, rejected: 0, refuted: 1 });
});

test("an event that is still on its way is told again later", async () => {
  const gate = Promise.withResolvers<void>();
  await using client = keepingClient({
    name: "slow",
    send: async () => {
      await gate.promise;
      return { every: { state: "acknowledged" } };
    },
  });
  const { event_id } = client.record({ meter_id: "page.processed.basic", total_usage: 1 });
  await using server = await withStripe(eventOf([`tenant_123/${event_id}`]));
  const handle = handlerFor(client, server.url);
  const early = await handle(signed(notification()));
  expect(early.status).toBe(503);
  expect(early.headers.get("retry-after")).toBe("60");
  gate.resolve();
  await client.flush();
  expect(await (await handle(signed(notification()))).json()).toMatchObject({ refuted: 1 });
});

describe("signatures", () => {
  const refuse = { refute: () => Promise.reject(new Error("must not be called")) };
  const status = async (request: Request, options: Partial<StripeWebhookOptions> = {}) =>
    (await handlerFor(refuse, "http://127.0.0.1:9", options)(request)).status;
  const ping = notification("evt_2", "v2.core.event_destination.ping");

  test("ours takes what Stripe's library takes, and nothing else", async () => {
    const handle = handlerFor(refuse, "http://127.0.0.1:9");
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(SECRET, "whsec_other"),
        fc.integer({ min: -400, max: 400 }),
        fc.constantFrom(
          (body: string) => body,
          (body: string) => `${body} `,
        ),
        fc.constantFrom(
          (header: string) => header,
          (header: string) => header.replace("v1=", "v0="),
          (header: string) => header.replace("t=", "t=1"),
          (header: string) => header.slice(0, -2),
          (header: string) => `${header},v1=00`,
          (header: string) => header.replace("v1=", "v1=00,v1="),
          () => "",
        ),
        async (secret, ageS, changeBody, changeHeader) => {
          const request = signed(ping, { secret, at: NOW - ageS * 1000 });
          const header = changeHeader(request.headers.get("stripe-signature") ?? "");
          const body = changeBody(ping);
          let theirs = true;
          try {
            stripe.webhooks.signature?.verifyHeader(body, header, SECRET, 300, undefined, NOW);
          } catch {
            theirs = false;
          }
          // Theirs takes times in the future.
          const expected = theirs && ageS >= -300;
          const ours = await handle(
            new Request(request.url, { method: "POST", headers: { "stripe-signature": header }, body }),
          );
          expect(ours.status).toBe(expected ? 200 : 400);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a secret may be rolled", async () => {
    const secrets = [SECRET, "whsec_new"];
    for (const secret of secrets)
      expect(await status(signed(ping, { secret }), { secret: secrets })).toBe(200);
  });

  test("other kinds are ignored, other methods and bodies refused", async () => {
    expect(await status(signed(ping))).toBe(200);
    expect(await status(signed("{}"))).toBe(400);
    expect(await status(new Request("https://app.example/stripe"))).toBe(405);
    expect(await status(signed(notification("../../v1/customers")))).toBe(400);
  });
});

test.each([
  [
    "throws",
    () => {
      throw new Error("broken hook");
    },
  ],
  ["rejects", async () => Promise.reject(new Error("broken hook"))],
])("a hook that %s does not touch the delivery", async (_, onReport) => {
  await using client = keepingClient();
  const [first = ""] = await acknowledged(client, 1);
  await using server = await withStripe(eventOf([`tenant_123/${first}`], 1));
  const response = await handlerFor(client, server.url, { onReport })(signed(notification()));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ refuted: 1 });
});

test("where the event cannot be had or the outbox fails, Stripe is to deliver again", async () => {
  await using gone = await withStripe({}, 500);
  await using there = await withStripe(eventOf(["tenant_123/e-1"]));
  const failing = { refute: () => Promise.reject(new Error("disk full at /secret/path")) };
  for (const server of [gone, there]) {
    const response = await handlerFor(failing, server.url)(signed(notification()));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
  }
});

test("a secret is needed", () => {
  expect(() => handlerFor({ refute: async () => [] }, "", { secret: "" })).toThrow("secret: ");
});
