import { type Catalog, extendCatalog, litewaveCatalog } from "@meter-lib/core";

/** The 18 built-in meters, and two of an LLM service. */
export const pipelineCatalog: Catalog = extendCatalog(litewaveCatalog, {
  "llm.context.tokens": { type: "volume", name: "Context tokens", unit: "token" },
  "llm.generated.tokens": { type: "volume", name: "Generated tokens", unit: "token" },
});
