import { extendCatalog, litewaveCatalog } from "meter-lib";

/** The 18 built-in meters, and the two that an LLM service bills by. */
export const demoCatalog = extendCatalog(litewaveCatalog, {
  "llm.context.tokens": { type: "volume", name: "Context tokens", unit: "token" },
  "llm.generated.tokens": { type: "volume", name: "Generated tokens", unit: "token" },
});
