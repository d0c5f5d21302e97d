import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import { table } from "../terminal/table.ts";

/** The meters of a catalog. */
export const catalogList = async (file: string): Promise<Report> => {
  const catalog = await readCatalogFile(file);
  const meters = Object.entries(catalog).map(([meter_id, meter]) => ({
    meter_id,
    type: meter.type,
    unit: meter.unit ?? "",
    aggregation: meter.aggregation ?? "sum",
    name: meter.name ?? "",
  }));
  return {
    exit: EXIT.done,
    lines: table(["METER", "TYPE", "UNIT", "AGGREGATION", "NAME"], meters.map(Object.values)),
    data: meters,
  };
};
