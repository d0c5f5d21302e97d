import { extendCatalog, litewaveCatalog } from "meter-lib";

/** What this service is billed by. */
export const serviceCatalog = extendCatalog(litewaveCatalog, {
  "thumbnail.created": { type: "volume", name: "Thumbnails", unit: "thumbnail" },
});
