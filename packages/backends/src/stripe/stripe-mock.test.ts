// Against Stripe's own mock, which checks requests by Stripe's OpenAPI schema. It is a program in Go:
//   go install github.com/stripe/stripe-mock@v0.203.0 && stripe-mock -http-addr 127.0.0.1:12111
//   STRIPE_MOCK_URL=http://127.0.0.1:12111 npx vitest run --project node packages/backends
import { describe, expect, test } from "vitest";
import { NOW, outgoingEvent, sendTo } from "../../test/outgoing-event.ts";
import { stripeTransport } from "../stripe.ts";

const baseUrl = process.env.STRIPE_MOCK_URL;
const why = "STRIPE_MOCK_URL is not set: no stripe-mock";

describe.skipIf(baseUrl === undefined)(`stripe-mock${baseUrl === undefined ? ` (${why})` : ""}`, () => {
  const transport = () =>
    stripeTransport({ apiKey: "sk_test_123", baseUrl: baseUrl ?? "", clock: { now: () => NOW } });

  test.each([
    outgoingEvent(),
    outgoingEvent({ metadata: { model: "é&=+ 1" }, tenant_id: "t".repeat(255) }),
    outgoingEvent({
      type: "performance",
      total_usage: undefined,
      meter_id: "chat.query.time_secs",
      start_time: NOW - 10,
      end_time: NOW,
    }),
  ])("it takes what is sent: %#", async (event) => {
    expect((await sendTo(transport(), event)).outcomes).toMatchObject([
      { state: "acknowledged", response: { object: "billing.meter_event" } },
    ]);
  });

  test("it takes a cancellation", async () => {
    const correction = { event_id: "e1", revision: 1, kind: "cancel", reason: "wrong" } as const;
    expect((await sendTo(transport(), outgoingEvent({ correction }))).outcomes).toMatchObject([
      { state: "acknowledged", response: { object: "billing.meter_event_adjustment" } },
    ]);
  });

  test("it refuses what its schema does not have", async () => {
    const answer = await fetch(`${baseUrl}/v1/billing/meter_events`, {
      method: "POST",
      headers: { authorization: "Bearer sk_test_123", "content-type": "application/x-www-form-urlencoded" },
      body: "event_name=a&payload[value]=1&unknown=1",
    });
    expect(answer.status).toBe(400);
  });
});
