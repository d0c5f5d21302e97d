import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../test/root.ts";
import { runCommand } from "../test/run-command.ts";

/** Packs every package; answers the tarballs by name, as a package.json lists them. */
export const packPackages = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const tarballs: Record<string, string> = {};
  for (const path of globSync("packages/*/package.json", { cwd: root }).sort()) {
    const content: { name: string; version: string } = JSON.parse(readFileSync(join(root, path), "utf8"));
    const { name, version } = content;
    const { ok, output } = await runCommand(
      "npx",
      ["-y", "pnpm@12.21.0", "pack", "--pack-destination", folder],
      {
        cwd: join(root, dirname(path)),
      },
    );
    if (!ok) throw new Error(`${name} cannot be packed:\n${output}`);
    tarballs[name] = `file:${join(folder, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`)}`;
  }
  return tarballs;
};
