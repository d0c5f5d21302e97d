import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EDGE_RULES, RUNTIME_GLOBALS } from "./edge-rules.ts";
import type { PackageDependencies, Workspace } from "./find-edge-faults.ts";
import { readSource } from "./source-file.ts";

/** All packages of the repository at `root`, read from disk. */
export const readWorkspace = (root: string): Workspace => {
  const folder = join(root, "packages");
  const packages = readdirSync(folder).filter((name) => existsSync(join(folder, name, "package.json")));
  const rootDevelopment = namesIn(join(root, "package.json"), ["devDependencies"]);
  const files = packages.flatMap((packageName) => {
    const src = join(folder, packageName, "src");
    return globSync("**/*.ts", { cwd: src })
      .map((path) => path.replaceAll("\\", "/"))
      .sort()
      .map((path) => readSource(packageName, path, readFileSync(join(src, path), "utf8"), RUNTIME_GLOBALS));
  });
  const dependencies = new Map(
    packages.map((packageName): [string, PackageDependencies] => {
      const file = join(folder, packageName, "package.json");
      return [
        packageName,
        {
          runtime: new Set(namesIn(file, ["dependencies", "peerDependencies"])),
          development: new Set([...namesIn(file, ["devDependencies"]), ...rootDevelopment]),
        },
      ];
    }),
  );
  return { rules: EDGE_RULES, files, dependencies };
};

const namesIn = (file: string, fields: readonly string[]): readonly string[] => {
  const content: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (typeof content !== "object" || content === null) return [];
  return Object.entries(content).flatMap(([field, value]) =>
    fields.includes(field) ? Object.keys(value) : [],
  );
};
