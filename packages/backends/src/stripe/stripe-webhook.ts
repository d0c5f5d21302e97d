import { type Clock, MeterError } from "@meter-lib/core";
import { systemClock } from "@meter-lib/core/transport";
import * as v from "valibot";
import type { ApiKey } from "../api-key.ts";
import { bytesOf, isHmac } from "../late/hmac.ts";
import {
  DeliveryRefused,
  type LateWebhookOptions,
  lateWebhook,
  type WebhookHandler,
} from "../late/late-webhook.ts";
import type { LateRejections, UnnamedRejections } from "../late/refuter.ts";
import { parseScopedId } from "../scoped-id.ts";

export interface StripeWebhookOptions extends LateWebhookOptions {
  /** The signing secret of the event destination (`whsec_…`); several while it is rolled. */
  readonly secret: string | readonly string[];
  /** A key that may read events: a notification does not carry what is in its event. */
  readonly apiKey: ApiKey;
  /** @default "https://api.stripe.com" */
  readonly baseUrl?: string | undefined;
  /** Sent as `Stripe-Version`. @default "2026-08-26.dahlia" */
  readonly apiVersion?: string | undefined;
  /** How old a signature may be, in milliseconds. @default 300_000 */
  readonly toleranceMs?: number | undefined;
  /** @default the global `fetch` */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** @default systemClock */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

const KINDS = new Set(["v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found"]);

const notification = v.object({
  id: v.pipe(v.string(), v.regex(/^evt_\w+$/)),
  type: v.string(),
  data: v.optional(v.unknown()),
});

/** `data` of both kinds: of V1BillingMeterErrorReportTriggeredEvent in Stripe's own library. */
const report = v.object({
  reason: v.object({
    error_types: v.array(
      v.object({
        code: v.string(),
        error_count: v.number(),
        sample_errors: v.array(
          v.object({ error_message: v.string(), request: v.object({ identifier: v.string() }) }),
        ),
      }),
    ),
  }),
  validation_start: v.pipe(v.string(), v.isoTimestamp()),
  validation_end: v.pipe(v.string(), v.isoTimestamp()),
});

/**
 * A webhook for Stripe's reports on meter events that it took and does not count. Subscribe an event destination (thin events) to
 * `v1.billing.meter.error_report_triggered` and `v1.billing.meter.no_meter_found`.
 *
 * Stripe names samples, not all: how many more there are is `unnamed` in the report, with the time that it looked at them.
 *
 * @throws MeterError `invalid_options`
 *
 * @example
 * ```ts
 * const handle = stripeWebhook({ client, secret: process.env.STRIPE_WEBHOOK_SECRET ?? "", apiKey: process.env.STRIPE_KEY ?? "" });
 * ```
 */
export const stripeWebhook = (options: StripeWebhookOptions): WebhookHandler => {
  const {
    secret,
    apiKey,
    baseUrl = "https://api.stripe.com",
    apiVersion = "2026-08-26.dahlia",
    toleranceMs = 300_000,
    clock = systemClock,
  } = options;
  const secrets = typeof secret === "string" ? [secret] : secret;
  if (secrets.length === 0 || secrets.includes("")) {
    throw MeterError.fromIssues("invalid_options", [
      { field: "secret", given: "nothing", expected: "the signing secret of the webhook" },
    ]);
  }

  const fetchEvent = async (id: string): Promise<unknown> => {
    const key = typeof apiKey === "string" ? apiKey : await apiKey();
    const send = options.fetch ?? globalThis.fetch;
    const response = await send(`${baseUrl}/v2/core/events/${id}`, {
      headers: { authorization: `Bearer ${key}`, "stripe-version": apiVersion },
      signal: AbortSignal.timeout(15_000),
      redirect: "error",
    });
    if (!response.ok) throw new Error(`the event ${id} was not found: HTTP ${response.status}`);
    const event: unknown = await response.json();
    return v.parse(v.object({ data: v.unknown() }), event).data;
  };

  return lateWebhook("Stripe", options, async (body, headers) => {
    const now = clock.now();
    if (!(await isSigned(body, headers.get("stripe-signature") ?? "", secrets, now, toleranceMs)))
      throw new DeliveryRefused(400, "the signature is missing, wrong or too old");
    const { id, type, data } = parse(notification, body);
    if (!KINDS.has(type)) return { key: id, rejections: undefined };
    return { key: id, rejections: rejectionsOf(v.parse(report, data ?? (await fetchEvent(id)))) };
  });
};

/** `t=…,v1=…`, of https://docs.stripe.com/webhooks#verify-manually: the HMAC of time, point and body. */
const isSigned = async (
  body: string,
  header: string,
  secrets: readonly string[],
  now: number,
  toleranceMs: number,
): Promise<boolean> => {
  const parts = header.split(",").map((part) => part.trim().split("="));
  const time = parts.find(([name]) => name === "t")?.[1] ?? "";
  if (!/^\d{1,12}$/.test(time) || Math.abs(now - Number(time) * 1_000) > toleranceMs) return false;
  for (const [name, signature = ""] of parts) {
    if (name !== "v1") continue;
    for (const secret of secrets)
      if (await isHmac(secret, `${time}.${body}`, bytesOf(signature, "hex"))) return true;
  }
  return false;
};

const parse = <Schema extends v.GenericSchema>(schema: Schema, body: string): v.InferOutput<Schema> => {
  try {
    return v.parse(schema, JSON.parse(body));
  } catch {
    throw new DeliveryRefused(400, "the body is not the one that was expected");
  }
};

const rejectionsOf = ({
  reason,
  validation_start,
  validation_end,
}: v.InferOutput<typeof report>): LateRejections => {
  const unnamed: UnnamedRejections[] = [];
  const events = reason.error_types.flatMap(({ code, error_count, sample_errors }) => {
    if (error_count > sample_errors.length) {
      unnamed.push({
        events: error_count - sample_errors.length,
        reason: code,
        from: Date.parse(validation_start),
        to: Date.parse(validation_end),
      });
    }
    return sample_errors.map(({ error_message, request: { identifier } }) => {
      const { tenant_id, event_id = identifier } = parseScopedId(identifier) ?? { tenant_id: undefined };
      return { id: identifier, tenant_id, event_id, reason: `${code}: ${error_message}` };
    });
  });
  return { events, unnamed };
};
