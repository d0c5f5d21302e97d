import { extendCatalog, litewaveCatalog } from "meter-lib";

/** The guide's quickstart uses a meter that its own list does not have: a catalog that adds it takes the call. */
export const guideCatalog = extendCatalog(litewaveCatalog, {
  "document.basic.page": { type: "volume", name: "Basic document pages", unit: "page" },
});
