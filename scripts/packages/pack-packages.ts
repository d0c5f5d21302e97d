import { join } from "node:path";
import { runCommand } from "../test/run-command.ts";
import { publishedPackages } from "./published-packages.ts";

/** Packs every package, built before, into a folder; answers the tarballs by the packages' names. */
export const packPackages = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const packages = publishedPackages();
  const pnpm = ["-y", "pnpm@12.21.0", "--recursive", ...packages.flatMap(({ name }) => ["--filter", name])];
  const { ok, output } = await runCommand("npx", [...pnpm, "pack", "--pack-destination", folder]);
  if (!ok) throw new Error(`the packages cannot be packed:\n${output}`);
  return new Map(
    packages.map(({ name, version }) => [
      name,
      join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`),
    ]),
  );
};
