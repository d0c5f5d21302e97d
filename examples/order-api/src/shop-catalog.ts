import { defineCatalog } from "meter-lib";

/** What the shop is billed by. */
export const shopCatalog = defineCatalog({
  "order.item": { type: "volume", name: "Items ordered", unit: "item" },
});
