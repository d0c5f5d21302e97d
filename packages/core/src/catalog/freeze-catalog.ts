import type { Catalog } from "./catalog.ts";

/** Returns a frozen copy without a prototype, so that `catalog[id]` finds only meters, not `constructor` or `toString`. */
export const freezeCatalog = <C extends Catalog>(catalog: C): C => {
  const meters = Object.entries(catalog).map(([id, meter]) => [id, Object.freeze({ ...meter })]);
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(meters)));
};
