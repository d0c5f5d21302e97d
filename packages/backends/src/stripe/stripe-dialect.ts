import { type Clock, type Correction, describeIssue, type OutgoingEvent } from "@meter-lib/core/transport";
import type { Dialect, Part } from "@meter-lib/transport-fetch/dialect";
import { judgeStripeAnswer } from "./judge-stripe-answer.ts";
import { stripeIdentifier } from "./stripe-identifier.ts";
import {
  nameIssue,
  STRIPE_PAST_MS,
  type StripeNames,
  stripeCancellation,
  stripeForm,
  stripeIssue,
} from "./stripe-meter-event.ts";

// https://docs.stripe.com/api/billing/meter-event-adjustment/create
const CANCEL_MS = 24 * 3_600_000;

const HEADERS = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };

/** Stripe's meter events, v1: one event for each `POST /v1/billing/meter_events`. */
export const stripeDialect = (names: StripeNames, clock: Pick<Clock, "now">): Dialect => ({
  name: "stripe",
  path: "/v1/billing/meter_events",
  limits: {
    maxBatchEvents: 1,
    maxBatchBytes: 512 * 1024,
    // Live mode takes 1,000 calls a second; a call takes some tenths of one.
    maxInFlight: 16,
  },
  maxAnswerBytes: 64 * 1024,
  receiver: { maxEventAgeMs: STRIPE_PAST_MS, corrections: { cancelMs: CANCEL_MS } },
  check: {
    event: (event) => stripeIssue(event, names, clock.now()),
    meter: ({ meter_id }) => nameIssue(meter_id, names, `catalog.${meter_id}`),
  },
  *encode(events) {
    for (const event of events) yield encode(event, names, clock.now());
  },
  judge: (answer, _events, now) => judgeStripeAnswer(answer, now),
});

const encodeCancellation = async (
  event: OutgoingEvent,
  { event_id, kind }: Correction,
  names: StripeNames,
): Promise<Part> =>
  kind === "cancel"
    ? {
        events: 1,
        path: "/v1/billing/meter_event_adjustments",
        // A repeat is answered as the first one was.
        headers: { ...HEADERS, "idempotency-key": await stripeIdentifier(event) },
        body: stripeCancellation(event, await stripeIdentifier({ ...event, event_id }), names),
      }
    : { rejected: { state: "rejected", reason: "Stripe amends no events" } };

// Checked once more: an event may have waited until it was too old.
const encode = async (event: OutgoingEvent, names: StripeNames, now: number): Promise<Part> => {
  if (event.correction !== undefined) return encodeCancellation(event, event.correction, names);
  const issue = stripeIssue(event, names, now);
  if (issue !== undefined) return { rejected: { state: "rejected", reason: describeIssue(issue) } };
  return { events: 1, headers: HEADERS, body: stripeForm(event, await stripeIdentifier(event), names) };
};
