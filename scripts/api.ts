// The public surface of every package against its record in api/; `--write` renews the records. Whatever the types of `meter-lib` show,
// it exports. Reads dist: build first.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeApi } from "./api/describe-api.ts";
import { firstDifference } from "./api/first-difference.ts";
import { missingExports } from "./api/missing-exports.ts";
import { publishedPackages } from "./packages/published-packages.ts";
import { root } from "./test/root.ts";

const write = process.argv.includes("--write");
const packages = publishedPackages();
const fileOf = (folder: string) => join(root, "api", `${folder}.api.md`);
mkdirSync(join(root, "api"), { recursive: true });

const faults: string[] = [];
for (const [folder, api] of describeApi(packages)) {
  const file = fileOf(folder);
  const recorded = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (recorded === api) continue;
  if (write) writeFileSync(file, api);
  else faults.push(`api/${folder}.api.md\n${firstDifference(recorded, api)}`);
}
const known = new Set(packages.map(({ folder }) => `${folder}.api.md`));
for (const name of globSync("*.api.md", { cwd: join(root, "api") })) {
  if (known.has(name)) continue;
  if (write) rmSync(join(root, "api", name));
  else faults.push(`api/${name} is of no package`);
}
const changed = faults.length > 0;
const umbrella = packages.find(({ name }) => name === "meter-lib");
for (const [entry, names] of umbrella === undefined ? [] : missingExports(umbrella, packages))
  if (names.length > 0) faults.push(`${entry} shows types that it does not export: ${names.join(", ")}`);
if (faults.length > 0) {
  console.error(faults.join("\n\n"));
  if (changed)
    console.error(
      "\nThe public surface has changed. If that is meant, run `pnpm api`, look at the difference and commit it.",
    );
  process.exitCode = 1;
}
