export { stripeIdentifier } from "./stripe/stripe-identifier.ts";
export { type StripeTransportOptions, stripeTransport } from "./stripe/stripe-transport.ts";
