import { Command } from "commander";
import { BUILT_IN, readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import type { Invoke } from "../run-meter.ts";
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
    text: table(["METER", "TYPE", "UNIT", "AGGREGATION", "NAME"], meters.map(Object.values)).join("\n"),
    data: meters,
  };
};

export const catalogListCommand = (invoke: Invoke): Command =>
  new Command("list")
    .description("show the meters of a catalog")
    .argument("[file]", "YAML, JSON or a module; litewave is the catalog that comes with meter-lib", BUILT_IN)
    .action((file: string, _flags: unknown, command: Command) => invoke(command, () => catalogList(file)));
