export type { ApiKey } from "./api-key.ts";
export type { LagoProperties, LagoPropertiesOf } from "./lago/lago-event.ts";
export { type LagoLedgerOptions, lagoLedger } from "./lago/lago-ledger.ts";
export { type LagoTransportOptions, lagoTransport } from "./lago/lago-transport.ts";
export { type LagoWebhookOptions, lagoWebhook } from "./lago/lago-webhook.ts";
export type { LateWebhookOptions, WebhookHandler } from "./late/late-webhook.ts";
export type {
  LateReport,
  Refuter,
  UnnamedRejections,
  UnresolvedRejection,
} from "./late/refuter.ts";
export { type MemoryReplayGuardOptions, memoryReplayGuard, type ReplayGuard } from "./late/replay-guard.ts";
export type { NameMap } from "./name-map.ts";
