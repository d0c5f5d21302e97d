import { readFile, writeFile } from "node:fs/promises";
import { Script } from "node:vm";
import { type Command, Option } from "commander";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { type CatalogFormat, writeCatalog } from "../catalog/write-catalog.ts";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import type { Io } from "../terminal/io.ts";
import { printWarning } from "../terminal/print.ts";
import { quantity } from "../terminal/quantity.ts";
import type { Report } from "../terminal/report.ts";

interface CatalogGenerateFlags {
  readonly format?: CatalogFormat;
  readonly out?: string;
  readonly check?: boolean;
  readonly name: string;
  readonly from: string;
  readonly export?: string;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Names that the module imports or that TypeScript reserves. */
const TAKEN = new Set(["defineCatalog", "globalThis", "undefined"]);

/** Converts a catalog to a typed module, YAML or JSON. With `check`, only reports whether the file is up to date. */
const catalogGenerate = async (
  file: string,
  { format, out, check = false, name, from, export: exportName }: CatalogGenerateFlags,
  io: Io,
): Promise<Report> => {
  if (!isConstantName(name))
    throw CliError.usage("--name", "a valid name for a constant", JSON.stringify(name));
  if (check && out === undefined) throw CliError.usage("--check", "--out with --check", "none");
  const catalog = await readCatalogFile(file, exportName);
  const text = writeCatalog(catalog, { format: format ?? formatOf(out), name, from });
  const schemas = Object.keys(catalog).filter((id) => catalog[id]?.metadata !== undefined);
  if (schemas.length > 0) {
    await printWarning(io.stderr, `metadata schemas are code and were omitted: ${schemas.join(", ")}`);
  }
  if (out === undefined) return { exit: EXIT.done, lines: text.trimEnd().split("\n"), data: { text } };
  const meters = Object.keys(catalog).length;
  if (check) {
    const isCurrent = (await readFile(out, "utf8").catch(() => "")) === text;
    const words = isCurrent ? `${out}: up to date` : `${out}: out of date with ${file}; run without --check`;
    return {
      exit: isCurrent ? EXIT.done : EXIT.findings,
      lines: [words],
      data: { out, meters, current: isCurrent },
    };
  }
  await writeFile(out, text);
  return { exit: EXIT.done, lines: [`${out}: ${quantity(meters, "meter")}`], data: { out, meters } };
};

const isConstantName = (name: string): boolean => {
  if (!IDENTIFIER.test(name) || TAKEN.has(name)) return false;
  try {
    // JavaScript knows best which words are reserved in a module. The code is compiled, not run.
    new Script(`"use strict"; async () => { const ${name} = 0; };`);
    return true;
  } catch {
    return false;
  }
};

const formatOf = (out: string | undefined): CatalogFormat => {
  if (out === undefined) return "ts";
  if (/\.ya?ml$/.test(out)) return "yaml";
  return out.endsWith(".json") ? "json" : "ts";
};

export const catalogGenerateCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<file>", "YAML, JSON, a module, or litewave")
    .addOption(
      new Option("--format <name>", "output format (default: by the extension of --out, else ts)").choices([
        "ts",
        "yaml",
        "json",
      ]),
    )
    .option("--out <file>", "output file (default: standard output)")
    .option("--check", "write nothing; exit with 4 if --out is out of date")
    .option("--name <name>", "name of the catalog in the module", "catalog")
    .option("--from <package>", "module to import defineCatalog from", "meter-lib")
    .option("--export <name>", "export to read, if a module has several catalogs")
    .addHelpText(
      "after",
      `
Examples:
  $ meter catalog generate meters.yaml --out src/catalog.ts
  $ meter catalog generate meters.yaml --out src/catalog.ts --check
  $ meter catalog generate src/catalog.ts --format yaml`,
    )
    .action((file: string, flags: CatalogGenerateFlags) =>
      invoke(command, (io) => catalogGenerate(file, flags, io)),
    );
