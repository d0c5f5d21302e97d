import { type Received, type Receiver, type Reply, startReceiver } from "./receiver.ts";

export interface StripeServer extends Receiver {
  /** The identifiers that it keeps. */
  readonly identifiers: readonly string[];
  /** The sum of what counts. */
  readonly counted: number;
}

export interface StripeServerOptions {
  readonly apiKey?: string;
  /** Its time, in milliseconds since the epoch. */
  readonly now?: () => number;
  /** Names of the events that meters add up. @default all */
  readonly meters?: readonly string[];
}

interface StoredEvent {
  readonly event_name: string;
  readonly customer: string;
  readonly timestamp: number;
  readonly value: number;
  readonly identifier: string;
  /** When it was taken, in milliseconds since the epoch. */
  readonly created: number;
}

const HOUR_S = 3_600;

/** An error as Stripe answers it. */
export const stripeError = (
  status: number,
  message: string,
  code?: string,
  type = "invalid_request_error",
): Reply => ({ status, body: { error: { type, message, ...(code === undefined ? {} : { code }) } } });

const PAST_S = 35 * 86_400;
const FUTURE_S = 300;
const CANCEL_MS = 24 * 3_600_000;

/**
 * Stripe's `POST /v1/billing/meter_events` after its OpenAPI schema and its documentation: a form without unknown fields, the limits of
 * its texts, the window of the timestamp, whole numbers, and 400 for an identifier that it has.
 */
export const stripeServer = async ({
  apiKey = "sk_test_123",
  now = Date.now,
  meters,
}: StripeServerOptions = {}): Promise<StripeServer> => {
  const identifiers = new Set<string>();
  const stored: StoredEvent[] = [];

  /** `GET /v1/billing/meters` and `GET /v1/billing/meters/{id}/event_summaries`, pages of 2. */
  const read = (path: string): Reply => {
    const { pathname, searchParams } = new URL(path, "http://localhost");
    const names = meters ?? [...new Set(stored.map(({ event_name }) => event_name))];
    const page = (items: readonly { readonly id: string }[]): Reply => {
      const after = items.findIndex(({ id }) => id === searchParams.get("starting_after")) + 1;
      const data = items.slice(after, after + 2);
      return { status: 200, body: { object: "list", data, has_more: after + 2 < items.length } };
    };
    if (pathname === "/v1/billing/meters")
      return page(names.map((event_name) => ({ id: `mtr_${event_name}`, event_name })));
    const event_name = /^\/v1\/billing\/meters\/mtr_(.+)\/event_summaries$/.exec(pathname)?.[1];
    const from = Number(searchParams.get("start_time"));
    const to = Number(searchParams.get("end_time"));
    if (event_name === undefined || searchParams.get("value_grouping_window") !== "hour")
      return stripeError(404, "Unrecognized request URL");
    if (from % HOUR_S !== 0 || to % HOUR_S !== 0 || to <= from)
      return stripeError(400, "start_time and end_time must be aligned with hours");
    const hours = new Map<number, number>();
    for (const { timestamp, value, ...event } of stored) {
      if (event.event_name !== event_name || event.customer !== searchParams.get("customer")) continue;
      if (timestamp < from || timestamp >= to) continue;
      const hour = Math.floor(timestamp / HOUR_S) * HOUR_S;
      hours.set(hour, (hours.get(hour) ?? 0) + value);
    }
    return page(
      [...hours]
        .sort(([a], [b]) => b - a)
        .map(([start_time, aggregated_value]) => ({
          id: `mtrusg_${start_time}`,
          object: "billing.meter_event_summary",
          start_time,
          end_time: start_time + HOUR_S,
          aggregated_value,
        })),
    );
  };

  /** `POST /v1/billing/meter_event_adjustments`: an event that was taken within 24 hours counts no more. */
  const adjust = (body: string): Reply => {
    const form = new URLSearchParams(body);
    const identifier = form.get("cancel[identifier]") ?? "";
    const event = stored.find((each) => each.identifier === identifier);
    if (form.get("type") !== "cancel" || event?.event_name !== form.get("event_name"))
      return stripeError(400, `No meter event was found with identifier ${identifier}.`, "resource_missing");
    if (now() - event.created > CANCEL_MS)
      return stripeError(400, "Meter events can only be cancelled within 24 hours.");
    stored.splice(stored.indexOf(event), 1);
    return {
      status: 200,
      body: {
        object: "billing.meter_event_adjustment",
        cancel: { identifier },
        event_name: event.event_name,
        livemode: false,
        status: "pending",
        type: "cancel",
      },
    };
  };

  const take = ({ method, path, headers, body }: Received): Reply => {
    if (headers.authorization !== `Bearer ${apiKey}`) return stripeError(401, "Invalid API Key provided");
    if (method === "GET") return read(path);
    if (method === "POST" && path === "/v1/billing/meter_event_adjustments") return adjust(body);
    if (method !== "POST" || path !== "/v1/billing/meter_events")
      return stripeError(404, `Unrecognized request URL (${method}: ${path}).`);
    if (headers["content-type"] !== "application/x-www-form-urlencoded")
      return stripeError(400, "Invalid request");
    const form = new URLSearchParams(body);
    const payload = new Map<string, string>();
    for (const [key, value] of form) {
      const name = /^payload\[([^\]]+)\]$/.exec(key)?.[1];
      if (name !== undefined) payload.set(name, value);
      else if (!["event_name", "identifier", "timestamp"].includes(key))
        return stripeError(400, `Received unknown parameter: ${key}`, "parameter_unknown");
    }
    const event_name = form.get("event_name") ?? "";
    const identifier = form.get("identifier") ?? "";
    const timestamp = Number(form.get("timestamp"));
    if (event_name === "" || event_name.length > 100)
      return stripeError(400, "Invalid string: event_name", "parameter_missing");
    if (identifier === "" || identifier.length > 100)
      return stripeError(400, "Invalid string: identifier must be at most 100 characters");
    const age = Math.floor(now() / 1000) - timestamp;
    if (!Number.isInteger(timestamp) || age > PAST_S)
      return stripeError(400, "The timestamp is too far in the past.", "timestamp_too_far_in_past");
    if (age < -FUTURE_S) return stripeError(400, "The timestamp is in the future.", "timestamp_in_future");
    if (!/^\d{1,15}$/.test(payload.get("value") ?? ""))
      return stripeError(400, "The value must be a whole number.", "meter_event_invalid_value");
    if (!payload.has("stripe_customer_id"))
      return stripeError(400, "No customer", "meter_event_no_customer_defined");
    if (identifiers.has(identifier))
      return stripeError(400, `An event already exists with identifier ${identifier}.`);
    identifiers.add(identifier);
    stored.push({
      event_name,
      timestamp,
      customer: payload.get("stripe_customer_id") ?? "",
      value: Number(payload.get("value")),
      identifier,
      created: now(),
    });
    return {
      status: 200,
      body: {
        object: "billing.meter_event",
        created: Math.floor(now() / 1000),
        event_name,
        identifier,
        livemode: false,
        payload: Object.fromEntries(payload),
        timestamp,
      },
    };
  };

  return {
    ...(await startReceiver(take)),
    get identifiers() {
      return [...identifiers];
    },
    get counted() {
      return stored.reduce((sum, { value }) => sum + value, 0);
    },
  };
};
