// Builds and packs all packages into a folder, for projects that use them before they are on npm: `pnpm tarballs ../meter-lib-tarballs`.
import { mkdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import process from "node:process";
import { packPackages } from "./packages/pack-packages.ts";
import { runCommand } from "./test/run-command.ts";

const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error("Give the folder that the tarballs go to, such as ../meter-lib-tarballs.");
  process.exit(1);
}
// pnpm runs scripts in the repository, wherever it was called.
const folder = resolve(process.env.INIT_CWD ?? process.cwd(), given);
mkdirSync(folder, { recursive: true });
const built = await runCommand("turbo", [
  "run",
  "build",
  "--filter",
  "./packages/*",
  "--output-logs=errors-only",
]);
if (!built.ok) throw new Error(`the packages do not build:\n${built.output}`);
const tarballs = await packPackages(folder);
console.log(
  `${tarballs.size} packages are in ${relative(process.cwd(), folder)}. In your project: npm install ${folder}/*.tgz`,
);
