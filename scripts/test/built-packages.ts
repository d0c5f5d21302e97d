import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";
import type { Report } from "./report.ts";
import { root } from "./root.ts";
import { runCommand } from "./run-command.ts";

/** What was built, as users get it: package.json against the files, every entry imported, and the demo on it. */
export const checkBuiltPackages = async (report: Report): Promise<void> => {
  for (const folder of packageFolders()) {
    const cwd = join(root, "packages", folder);
    const { ok, output } = await runCommand("publint", ["--strict", "--pack", "npm"], { cwd });
    report.check(`publint  ${folder}`, ok, output);
  }
  for (const { folder, entry } of entries()) {
    const cwd = join(root, "packages", folder);
    const { ok, output } = await runCommand(
      "node",
      ["--input-type=module", "--eval", `await import("${entry}")`],
      {
        cwd,
      },
    );
    report.check(`import   ${entry}`, ok, output);
  }
  const demo = await runCommand("node", ["examples/demo/src/demo.ts"]);
  report.check("demo on the built packages", demo.ok, demo.output);
};

interface Entry {
  readonly folder: string;
  /** As users import it: `meter-lib/node`. */
  readonly entry: string;
}

const entries = (): readonly Entry[] =>
  packageFolders().flatMap((folder) => {
    const content: unknown = JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8"));
    if (!isObject(content) || typeof content.name !== "string" || !isObject(content.exports)) return [];
    const { name } = content;
    return Object.entries(content.exports)
      .filter(([, target]) => isObject(target) && typeof target.default === "string")
      .map(([path]) => ({ folder, entry: join(name, path) }));
  });

const packageFolders = (): readonly string[] =>
  readdirSync(join(root, "packages")).filter((folder) =>
    existsSync(join(root, "packages", folder, "package.json")),
  );

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
