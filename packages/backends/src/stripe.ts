export type { ApiKey } from "./api-key.ts";
export type { NameMap } from "./name-map.ts";
export { stripeIdentifier } from "./stripe/stripe-identifier.ts";
export type { StripeValue } from "./stripe/stripe-meter-event.ts";
export { type StripeTransportOptions, stripeTransport } from "./stripe/stripe-transport.ts";
