import type { Catalog } from "./catalog.ts";
import { freezeCatalog } from "./freeze-catalog.ts";
import { readMeters, recordCandidates } from "./read-meters.ts";

/**
 * Defines a catalog of your own, by meter id. Ids, types and metadata schemas keep their literal types, so the compiler checks calls
 * against them. An id has 1 to 255 visible ASCII characters. Unknown fields are rejected.
 *
 * @returns a frozen copy
 * @throws MeterError `invalid_catalog`; its `issues` name each path
 *
 * @example
 * ```ts
 * const catalog = defineCatalog({
 *   "image.resized": { type: "volume", unit: "image" },
 *   "gpu.on": { type: "performance", metadata: v.object({ model: v.string() }) },
 * });
 * ```
 */
export const defineCatalog = <const C extends Catalog>(catalog: C): C => {
  readMeters(recordCandidates(catalog));
  return freezeCatalog(catalog);
};
