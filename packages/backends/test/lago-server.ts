import { createHmac, randomUUID } from "node:crypto";
import * as v from "valibot";
import { type Received, type Receiver, type Reply, startReceiver } from "./receiver.ts";

/** `EventBatchInput` of Lago's OpenAPI document (getlago/lago-openapi, 120da12), and no more than it has. */
const batchInput = v.strictObject({
  events: v.array(
    v.strictObject({
      transaction_id: v.pipe(v.string(), v.minLength(1)),
      external_subscription_id: v.string(),
      code: v.pipe(v.string(), v.minLength(1)),
      timestamp: v.pipe(v.string(), v.regex(/^\d+(\.\d+)?$/)),
      properties: v.record(v.string(), v.union([v.string(), v.number()])),
    }),
  ),
});

export type LagoServerEvent = v.InferOutput<typeof batchInput>["events"][number];

export interface LagoServer extends Receiver {
  /** The events that it keeps. */
  readonly events: readonly LagoServerEvent[];
  /** What post-processing found, as the webhook `events.errors` that Lago sends each hour: signed, ready to be handed over. */
  errorsWebhook(url: string): Request;
}

export interface LagoServerOptions {
  readonly apiKey?: string;
  /** Codes of its billable metrics; events of others are stored, and reported later. @default all */
  readonly metrics?: readonly string[];
  readonly hmacKey?: string;
}

const MAX_LENGTH = 100;

/**
 * Lago as its Postgres store has it (getlago/lago-api, app/services/events/create_batch_service.rb): a batch is stored whole or not at all, faults
 * are named by index, ids are unique within a subscription for ever, unknown metrics are found later.
 */
export const lagoServer = async ({
  apiKey = "lago_key",
  metrics,
  hmacKey = "hmac_key",
}: LagoServerOptions = {}): Promise<LagoServer> => {
  const events = new Map<string, LagoServerEvent>();

  const invalid = (details: object): Reply => ({
    status: 422,
    body: { status: 422, error: "Unprocessable Entity", code: "validation_errors", error_details: details },
  });

  const takeBatch = (body: string): Reply => {
    const parsed = v.safeParse(batchInput, JSON.parse(body));
    if (!parsed.success) return { status: 400, body: { status: 400, error: "BadRequest" } };
    const given = parsed.output.events;
    if (given.length === 0) return invalid({ events: ["no_events"] });
    if (given.length > MAX_LENGTH) return invalid({ events: ["too_many_events"] });
    const faults: Record<number, object> = {};
    const stored = new Map<string, LagoServerEvent>();
    given.forEach((event, index) => {
      const key = `${event.external_subscription_id} ${event.transaction_id}`;
      if (events.has(key) || stored.has(key)) faults[index] = { transaction_id: ["value_already_exist"] };
      else stored.set(key, event);
    });
    if (Object.keys(faults).length > 0) return invalid(faults);
    for (const [key, event] of stored) events.set(key, event);
    return {
      status: 200,
      body: {
        events: given.map((event) => ({ ...event, lago_customer_id: null, lago_subscription_id: null })),
      },
    };
  };

  /** `GET /api/v1/events` and `GET /api/v1/billable_metrics`, pages of 2. */
  const read = (path: string): Reply => {
    const { pathname, searchParams } = new URL(path, "http://localhost");
    const page = Number(searchParams.get("page") ?? 1);
    const paged = (name: string, items: readonly object[]): Reply => ({
      status: 200,
      body: {
        [name]: items.slice((page - 1) * 2, page * 2),
        meta: { current_page: page, total_pages: Math.ceil(items.length / 2), total_count: items.length },
      },
    });
    if (pathname === "/api/v1/billable_metrics") {
      const codes = metrics ?? [...new Set([...events.values()].map(({ code }) => code))];
      return paged(
        "billable_metrics",
        codes.map((code) => ({ code })),
      );
    }
    const from = Date.parse(searchParams.get("timestamp_from") ?? "");
    const to = Date.parse(searchParams.get("timestamp_to") ?? "");
    return paged(
      "events",
      [...events.values()]
        .filter(
          ({ code, external_subscription_id, timestamp }) =>
            code === searchParams.get("code") &&
            external_subscription_id === searchParams.get("external_subscription_id") &&
            Number(timestamp) * 1_000 >= from &&
            Number(timestamp) * 1_000 <= to,
        )
        .map((event) => ({
          ...event,
          timestamp: new Date(Number(event.timestamp) * 1_000).toISOString(),
          lago_customer_id: null,
        })),
    );
  };

  const take = ({ method, path, headers, body }: Received): Reply => {
    if (headers.authorization !== `Bearer ${apiKey}`)
      return { status: 401, body: { status: 401, error: "Unauthorized" } };
    if (method === "POST" && path === "/api/v1/events/batch") return takeBatch(body);
    if (method === "GET") return read(path);
    return { status: 404, body: { status: 404, error: "Not Found", code: "resource_not_found" } };
  };

  return {
    ...(await startReceiver(take)),
    get events() {
      return [...events.values()];
    },
    errorsWebhook: (url) => {
      const unknown = [...events.values()].filter(
        ({ code }) => metrics !== undefined && !metrics.includes(code),
      );
      const body = JSON.stringify({
        webhook_type: "events.errors",
        object_type: "events_errors",
        organization_id: "1a901a90-1a90-1a90-1a90-1a901a901a90",
        events_errors: {
          invalid_code: unknown.map(({ transaction_id }) => transaction_id),
          missing_aggregation_property: [],
          missing_group_key: [],
          invalid_filter_values: [],
        },
      });
      return new Request(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-lago-signature": createHmac("sha256", hmacKey).update(body).digest("base64"),
          "x-lago-signature-algorithm": "hmac",
          "x-lago-unique-key": randomUUID(),
        },
        body,
      });
    },
  };
};
