import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Catalog, isMeterError, litewaveCatalog, parseCatalog } from "@meter-lib/core";
import { describeIssue } from "@meter-lib/core/transport";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import { readWholeText } from "../terminal/read-text.ts";
import { BUILT_IN } from "./built-in.ts";
import { parseYamlCatalog } from "./parse-yaml-catalog.ts";

const MODULES = new Set([".ts", ".mts", ".js", ".mjs"]);

/**
 * Loads a catalog from a file: YAML or JSON (an object of meters by id, or a list with `meter_id`), or a module that exports one. A module
 * is executed.
 *
 * @throws CliError that names the file and each line
 */
export const readCatalogFile = async (file: string, exportName?: string): Promise<Catalog> => {
  if (file === BUILT_IN) return litewaveCatalog;
  if (MODULES.has(extname(file))) return readModule(file, exportName);
  // YAML is a superset of JSON.
  return parseYamlCatalog(await readWholeText(file), file);
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
    ([name, value]) => (exportName === undefined || name === exportName) && isLikeCatalog(value),
  );
  const [only, another] = catalogs;
  if (only === undefined)
    throw new CliError(EXIT.data, `${file}: expected a module that exports a catalog, found none`);
  if (another !== undefined) {
    const names = catalogs.map(([name]) => name).join(", ");
    throw new CliError(EXIT.usage, `--export: expected one of ${names}, got nothing`);
  }
  const [name, value] = only;
  try {
    return parseCatalog(value);
  } catch (error) {
    if (!isMeterError(error)) throw error;
    throw new CliError(
      EXIT.data,
      error.issues.map((issue) => `${file}: ${name}${describeIssue(issue)}`),
      { cause: error },
    );
  }
};

/** Whether it contains anything like a meter; `parseCatalog` reports what is wrong with it. */
const isLikeCatalog = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.values(value).some((meter) => typeof meter === "object" && meter !== null && "type" in meter);
