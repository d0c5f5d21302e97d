import type { Command } from "commander";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";

/** Checks a catalog file. Throws if it has mistakes, with a line for each. */
const catalogCheck = async (file: string): Promise<Report> => {
  const meters = Object.values(await readCatalogFile(file));
  const volume = meters.filter(({ type }) => type === "volume").length;
  return {
    exit: EXIT.done,
    lines: [
      `${file}: ${quantity(meters.length, "meter")}, ${volume} volume and ${meters.length - volume} performance. No mistakes found.`,
    ],
    data: { file, meters: meters.length, volume, performance: meters.length - volume },
  };
};

export const catalogCheckCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<file>", "YAML, JSON or a module")
    .addHelpText(
      "after",
      `
Example:
  $ meter catalog check meters.yaml`,
    )
    .action((file: string) => invoke(command, () => catalogCheck(file)));
