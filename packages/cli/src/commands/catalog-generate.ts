import { readFile, writeFile } from "node:fs/promises";
import { Script } from "node:vm";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { type CatalogFormat, writeCatalog } from "../catalog/write-catalog.ts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Report } from "../report.ts";
import type { Io } from "../terminal/io.ts";
import { printWarning } from "../terminal/print.ts";

export interface CatalogGenerateFlags {
  readonly format?: CatalogFormat;
  readonly out?: string;
  readonly check?: boolean;
  readonly name: string;
  readonly from: string;
  readonly export?: string;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** What the module imports, and what TypeScript keeps for itself. */
const TAKEN = new Set(["defineCatalog", "globalThis", "undefined"]);

/** Turns a catalog into a typed module, YAML or JSON. With `check`, only says whether the file is up to date. */
export const catalogGenerate = async (
  file: string,
  { format, out, check = false, name, from, export: exportName }: CatalogGenerateFlags,
  io: Io,
): Promise<Report> => {
  if (!isConstantName(name))
    throw CliError.usage("--name", "a name that a constant of a module can have", JSON.stringify(name));
  if (check && out === undefined) throw CliError.usage("--check", "--out beside it", "none");
  const catalog = await readCatalogFile(file, exportName);
  const text = writeCatalog(catalog, { format: format ?? formatOf(out), name, from });
  const schemas = Object.keys(catalog).filter((id) => catalog[id]?.metadata !== undefined);
  if (schemas.length > 0) {
    await printWarning(io.stderr, `metadata schemas are code and are left out: ${schemas.join(", ")}`);
  }
  if (out === undefined) return { exit: EXIT.done, lines: text.trimEnd().split("\n"), data: { text } };
  const meters = Object.keys(catalog).length;
  if (check) {
    const isCurrent = (await readFile(out, "utf8").catch(() => "")) === text;
    const words = isCurrent ? `${out}: up to date` : `${out}: not what ${file} makes; run without --check`;
    return {
      exit: isCurrent ? EXIT.done : EXIT.findings,
      lines: [words],
      data: { out, meters, current: isCurrent },
    };
  }
  await writeFile(out, text);
  return { exit: EXIT.done, lines: [`${out}: ${meters} meters`], data: { out, meters } };
};

const isConstantName = (name: string): boolean => {
  if (!IDENTIFIER.test(name) || TAKEN.has(name)) return false;
  try {
    // JavaScript itself knows which words it reserves in a module. This is compiled, and not run.
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
