import { Command } from "commander";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import type { Invoke } from "../run-meter.ts";

/** Whether a file is a catalog. What is wrong is thrown, line by line. */
export const catalogCheck = async (file: string): Promise<Report> => {
  const meters = Object.values(await readCatalogFile(file));
  const volume = meters.filter(({ type }) => type === "volume").length;
  return {
    exit: EXIT.done,
    text: `${file}: ${meters.length} meters, ${volume} volume and ${meters.length - volume} performance. All is well.`,
    data: { file, meters: meters.length, volume, performance: meters.length - volume },
  };
};

export const catalogCheckCommand = (invoke: Invoke): Command =>
  new Command("check")
    .description("say what is wrong with a catalog, line by line")
    .argument("<file>", "YAML, JSON or a module")
    .action((file: string, _flags: unknown, command: Command) => invoke(command, () => catalogCheck(file)));
