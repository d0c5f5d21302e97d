export type { Authenticate, Credentials, Denied, Principal } from "./authenticate.ts";
export { createRelay, type Relay } from "./create-relay.ts";
export type { Origins } from "./cross-origin.ts";
export type {
  ClaimAnswer,
  ClaimEntry,
  ClaimRequest,
  DedupStore,
  SettleRequest,
} from "./dedup-store.ts";
export type { RelayClient } from "./ingest-hand-off.ts";
export { type MemoryDedupOptions, memoryDedup } from "./memory-dedup.ts";
export type { PolicyCheck, RelayPolicy } from "./policy.ts";
export type { RateAnswer, RateLimit } from "./rate-limit.ts";
export type { RelayErrorCode } from "./refusal.ts";
export type {
  ClientDestination,
  DirectDestination,
  RelayLimits,
  RelayOptions,
  RelaySettings,
} from "./relay-options.ts";
export {
  type TenantTokens,
  type TenantTokensOptions,
  type TokenRequest,
  tenantTokens,
} from "./tenant-tokens.ts";
export { type TokenBucketOptions, tokenBucket } from "./token-bucket.ts";
export type { PairKey, SecretKey, TokenKey } from "./token-key.ts";
