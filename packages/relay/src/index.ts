export type { Authenticate, Credentials, Denied, Principal } from "./access/authenticate.ts";
export type { Origins } from "./access/cross-origin.ts";
export type { PolicyCheck, RelayPolicy } from "./access/policy.ts";
export type { RateAnswer, RateLimit } from "./access/rate-limit.ts";
export {
  type TenantTokens,
  type TenantTokensOptions,
  type TokenRequest,
  tenantTokens,
} from "./access/tenant-tokens.ts";
export { type TokenBucketOptions, tokenBucket } from "./access/token-bucket.ts";
export type { PairKey, SecretKey, TokenKey } from "./access/token-key.ts";
export { createRelay, type Relay } from "./create-relay.ts";
export type {
  ClaimAnswer,
  ClaimEntry,
  ClaimRequest,
  DedupStore,
  SettleRequest,
} from "./dedup/dedup-store.ts";
export { type MemoryDedupOptions, memoryDedup } from "./dedup/memory-dedup.ts";
export type { RelayClient } from "./hand-off/ingest-hand-off.ts";
export type {
  ClientDestination,
  DirectDestination,
  RelayLimits,
  RelayOptions,
  RelaySettings,
} from "./relay-options.ts";
export type { RelayErrorCode } from "./request/refusal.ts";
