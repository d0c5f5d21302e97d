import type { Command } from "commander";
import { BUILT_IN } from "../catalog/built-in.ts";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import type { Report } from "../terminal/report.ts";
import { table } from "../terminal/table.ts";

/** Lists the meters of a catalog. */
const catalogList = async (file: string): Promise<Report> => {
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

export const catalogListCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("[file]", "YAML, JSON or a module; litewave is the built-in catalog", BUILT_IN)
    .addHelpText(
      "after",
      `
Examples:
  $ meter catalog list
  $ meter catalog list meters.yaml --json`,
    )
    .action((file: string) => invoke(command, () => catalogList(file)));
