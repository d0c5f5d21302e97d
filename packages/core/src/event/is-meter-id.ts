import type { Catalog, MeterId } from "../catalog/catalog.ts";
import type { MeterType } from "../catalog/meter.ts";
import type { IdOfType } from "./meter-event.ts";

/**
 * Whether a text, from a configuration or a request, is the id of a meter in the catalog. Narrows the type of the text.
 *
 * @param type - accept only meters of this type; the compiler then knows their fields
 * @example
 * ```ts
 * const meter_id = process.env.SCAN_METER ?? "";
 * if (!isMeterId(catalog, meter_id, "volume")) throw new Error(`SCAN_METER: expected a volume meter, got ${meter_id}`);
 * client.record({ meter_id, total_usage: 3 });
 * ```
 */
export const isMeterId = <const C extends Catalog, Type extends MeterType = MeterType>(
  catalog: C,
  id: string,
  type?: Type,
): id is IdOfType<C, MeterId<C>, Type> =>
  Object.hasOwn(catalog, id) && (type === undefined || catalog[id]?.type === type);
