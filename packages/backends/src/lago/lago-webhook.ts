import { MeterError } from "@meter-lib/core";
import * as v from "valibot";
import { bytesOf, isHmac } from "../late/hmac.ts";
import {
  DeliveryRefused,
  type LateWebhookOptions,
  lateWebhook,
  type WebhookHandler,
} from "../late/late-webhook.ts";
import type { LateRejection } from "../late/refuter.ts";
import { parseScopedId } from "../scoped-id.ts";

export interface LagoWebhookOptions extends LateWebhookOptions {
  /** The organization's HMAC key, for an endpoint whose signature algorithm is `hmac`. */
  readonly hmacKey?: string | undefined;
  /** Lago's public key in PEM (`GET /api/v1/webhooks/public_key`, decoded), for one whose algorithm is `jwt`. */
  readonly publicKey?: string | undefined;
}

const ids = v.optional(v.nullable(v.array(v.string())), []);
const errors = v.object({
  webhook_type: v.literal("events.errors"),
  events_errors: v.object({
    invalid_code: ids,
    missing_aggregation_property: ids,
    missing_group_key: ids,
    invalid_filter_values: ids,
  }),
});
const error = v.object({
  webhook_type: v.literal("event.error"),
  event_error: v.object({ message: v.unknown(), event: v.object({ transaction_id: v.string() }) }),
});
const other = v.object({ webhook_type: v.string() });

/**
 * A webhook for the events that Lago stored and does not count: `events.errors`, which it sends each hour, and `event.error`, which it sends for
 * one at once.
 *
 * Lago's signatures carry no time. A delivery with the same content is therefore dealt with once, as long as the replay guard
 * remembers it.
 *
 * @throws MeterError `invalid_options` when neither key is given
 *
 * @example
 * ```ts
 * const handle = lagoWebhook({ client, hmacKey: process.env.LAGO_HMAC_KEY ?? "" });
 * ```
 */
export const lagoWebhook = (options: LagoWebhookOptions): WebhookHandler => {
  const { hmacKey = "", publicKey = "" } = options;
  if (hmacKey === "" && publicKey === "") {
    throw MeterError.fromIssues("invalid_options", [
      { field: "hmacKey", given: "nothing", expected: "the organization's HMAC key, or publicKey" },
    ]);
  }
  return lateWebhook("Lago", options, async (body, headers) => {
    const signature = headers.get("x-lago-signature") ?? "";
    const isJwt = headers.get("x-lago-signature-algorithm") === "jwt";
    const signed = isJwt
      ? await jwtContent(signature, publicKey)
      : hmacKey !== "" && (await isHmac(hmacKey, body, bytesOf(signature, "base64")))
        ? body
        : undefined;
    if (signed === undefined) throw new DeliveryRefused(401, "the signature is missing or wrong");
    return { key: await digest(signed), rejections: rejectionsOf(signed) };
  });
};

const rejectionsOf = (body: string) => {
  const json = parseJson(body);
  const many = v.safeParse(errors, json);
  if (many.success) {
    const { events_errors } = many.output;
    const events = Object.entries(events_errors).flatMap(([reason, found]) =>
      (found ?? []).map((id) => rejection(id, reason)),
    );
    return { events, unnamed: [] };
  }
  const one = v.safeParse(error, json);
  if (one.success) {
    const { message, event } = one.output.event_error;
    // A duplicate id is not an error of this event: the first one is counted.
    if (JSON.stringify(message).includes("value_already_exist")) return { events: [], unnamed: [] };
    return { events: [rejection(event.transaction_id, JSON.stringify(message))], unnamed: [] };
  }
  const kind = v.safeParse(other, json);
  if (
    kind.success &&
    kind.output.webhook_type !== "events.errors" &&
    kind.output.webhook_type !== "event.error"
  )
    return undefined;
  throw new DeliveryRefused(400, "the body is not the one that was expected");
};

const rejection = (id: string, reason: string): LateRejection => {
  const { tenant_id, event_id = id } = parseScopedId(id) ?? { tenant_id: undefined };
  return { id, tenant_id, event_id, reason };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new DeliveryRefused(400, "the body is no JSON");
  }
};

const encoder = new TextEncoder();

const digest = async (text: string): Promise<string> => {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** The claim `data` of a token that Lago signed with RS256: the payload, as text. */
const jwtContent = async (token: string, publicKey: string): Promise<string | undefined> => {
  const [header = "", claims = "", signature = "", ...more] = token.split(".");
  if (publicKey === "" || more.length > 0) return undefined;
  const { alg } = v.parse(v.object({ alg: v.optional(v.string()) }), parsePart(header) ?? {});
  if (alg !== "RS256") return undefined;
  const key = await crypto.subtle.importKey(
    "spki",
    bytesOf(publicKey.replace(/-----[A-Z ]+-----|\s/g, ""), "base64"),
    { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const text = encoder.encode(`${header}.${claims}`);
  if (!(await crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, bytesOf(signature, "base64"), text)))
    return undefined;
  const read = v.safeParse(v.object({ data: v.string() }), parsePart(claims));
  return read.success ? read.output.data : undefined;
};

const parsePart = (part: string): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytesOf(part, "base64")));
  } catch {
    return undefined;
  }
};
