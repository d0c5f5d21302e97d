export type { ApiKey } from "./api-key.ts";
export type { LateWebhookOptions, WebhookHandler } from "./late/late-webhook.ts";
export type {
  LateReport,
  Refuter,
  UnnamedRejections,
  UnresolvedRejection,
} from "./late/refuter.ts";
export { type MemoryReplayGuardOptions, memoryReplayGuard, type ReplayGuard } from "./late/replay-guard.ts";
export type { NameMap } from "./name-map.ts";
export { stripeIdentifier } from "./stripe/stripe-identifier.ts";
export { type StripeLedgerOptions, stripeLedger } from "./stripe/stripe-ledger.ts";
export type { StripeValue } from "./stripe/stripe-meter-event.ts";
export { type StripeTransportOptions, stripeTransport } from "./stripe/stripe-transport.ts";
export { type StripeWebhookOptions, stripeWebhook } from "./stripe/stripe-webhook.ts";
