export { beaconTransport } from "./beacon-transport.ts";
export type { BeaconTransportOptions } from "./beacon-transport-options.ts";
export {
  deliverThroughPageLife,
  type PageLifeClient,
  type PageLifeHooks,
} from "./deliver-through-page-life.ts";
export type { Verdict } from "./judge-answer.ts";
export { PAGE_BATCH } from "./page-batch-limits.ts";
export { utf8Bytes } from "./page-body.ts";
export {
  isPrerendered,
  type PagePost,
  type PagePostContext,
  type PagePostOptions,
  pagePost,
} from "./page-post.ts";
export { type PageToken, pageToken, type TokenSource } from "./page-token.ts";
export { relayCustomers } from "./relay-customers.ts";
