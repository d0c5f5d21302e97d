import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Catalog, isMeterError, litewaveCatalog, parseCatalog } from "@meter-lib/core";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import { BUILT_IN } from "./built-in.ts";
import { parseYamlCatalog } from "./parse-yaml-catalog.ts";

const MODULES = new Set([".ts", ".mts", ".js", ".mjs"]);

/**
 * The catalog of a file: YAML or JSON (an object of meters by id, or a list with `meter_id`), or a module that exports one.
 * A module is run.
 *
 * @throws CliError that names the file and each line
 */
export const readCatalogFile = async (file: string, exportName?: string): Promise<Catalog> => {
  if (file === BUILT_IN) return litewaveCatalog;
  if (MODULES.has(extname(file))) return readModule(file, exportName);
  // YAML is a superset of JSON.
  return parseYamlCatalog(await readFile(file, "utf8"), file);
};

const readModule = async (file: string, exportName: string | undefined): Promise<Catalog> => {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.data, `${file}: expected a module that can be loaded: ${why}`, { cause: error });
  }
  const catalogs = Object.entries(exported).filter(
    ([name, value]) => (exportName === undefined || name === exportName) && isCatalog(value),
  );
  const [only, another] = catalogs;
  if (only === undefined)
    throw new CliError(EXIT.data, `${file}: expected an export that is a catalog, found none`);
  if (another !== undefined) {
    const names = catalogs.map(([name]) => name).join(", ");
    throw new CliError(EXIT.usage, `--export: expected one of ${names}, got nothing`);
  }
  return parseCatalog(only[1]);
};

const isCatalog = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return false;
  try {
    parseCatalog(value);
    return true;
  } catch (error) {
    if (isMeterError(error)) return false;
    throw error;
  }
};
