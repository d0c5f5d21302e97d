import { memoryStore } from "@meter-lib/core/store";
import { storeConformance } from "./store-conformance.ts";

storeConformance({
  name: "memoryStore",
  durable: false,
  create: () => ({ store: () => memoryStore(), dispose: () => {} }),
});
