import type { Meter } from "@meter-lib/core";

/** What `GET /sandbox/v1/catalog` answers. */
export interface CatalogAnswer {
  readonly meters: readonly (Meter & { readonly meter_id: string })[];
}
