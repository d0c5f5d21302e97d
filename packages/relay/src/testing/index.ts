export {
  type DedupPlace,
  type DedupStoreConformanceOptions,
  dedupStoreConformance,
} from "./dedup-store-conformance.ts";
