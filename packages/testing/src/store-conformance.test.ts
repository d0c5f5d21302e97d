import { memoryStore } from "@meter-lib/core/log";
import { storeConformance } from "./store-conformance.ts";

storeConformance({
  name: "memoryStore",
  durable: false,
  create: () => ({ store: () => memoryStore(), dispose: () => {} }),
});
