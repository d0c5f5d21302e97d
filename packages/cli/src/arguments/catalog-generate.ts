import { Command, Option } from "commander";
import type { CatalogGenerateFlags } from "../commands/catalog-generate.ts";
import type { Invoke } from "../invoke.ts";

export const catalogGenerateCommand = (invoke: Invoke): Command =>
  new Command("generate")
    .description("turn a catalog into a typed module, or back into YAML or JSON")
    .argument("<file>", "YAML, JSON, a module, or litewave")
    .addOption(
      new Option("--format <name>", "what to write; else by the ending of --out, else ts").choices([
        "ts",
        "yaml",
        "json",
      ]),
    )
    .option("--out <file>", "where to write; else standard output")
    .option("--check", "write nothing; end with 4 when --out is not up to date")
    .option("--name <name>", "what the module calls the catalog", "catalog")
    .option("--from <package>", "where the module takes defineCatalog from", "meter-lib")
    .option("--export <name>", "which export of a module to read, when it has several catalogs")
    .addHelpText(
      "after",
      `
Examples:
  $ meter catalog generate meters.yaml --out src/catalog.ts
  $ meter catalog generate meters.yaml --out src/catalog.ts --check
  $ meter catalog generate src/catalog.ts --format yaml`,
    )
    .action((file: string, flags: CatalogGenerateFlags, command: Command) =>
      invoke(command, async (io) =>
        (await import("../commands/catalog-generate.ts")).catalogGenerate(file, flags, io),
      ),
    );
