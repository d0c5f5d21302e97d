import { type EventIdentity, scopedId } from "../scoped-id.ts";

/** https://docs.stripe.com/api/billing/meter-event/create, of the OpenAPI schema. */
const MAX_LENGTH = 100;

/**
 * The `identifier` of an event at Stripe, which counts each one once: `tenant/event`, with the tenant percent-encoded. Where that is longer than
 * Stripe takes, a tilde and the SHA-256 of it in base64url.
 */
export const stripeIdentifier = async (identity: EventIdentity): Promise<string> => {
  const identifier = scopedId(identity);
  if (identifier.length <= MAX_LENGTH) return identifier;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identifier));
  // The slash that every other identifier has is no letter of base64url, so the two kinds never meet.
  const text = btoa(String.fromCharCode(...new Uint8Array(digest)));
  return `~${text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
};
