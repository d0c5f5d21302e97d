import { globSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "./report.ts";
import { root } from "./root.ts";
import { runCommand } from "./run-command.ts";

/** Every project by itself with TypeScript 7; with TypeScript 6, which takes ten times as long, all of them as one. */
export const checkTypes = async (report: Report): Promise<void> => {
  const projects = globSync(["packages/*/tsconfig.json", "examples/*/tsconfig.json", "*/tsconfig.json"], {
    cwd: root,
  }).sort();
  // The slow one goes on beside the others.
  const all = runCommand("tsc6", ["-p", join(root, "tsconfig.all.json")]);
  for (const project of projects) {
    const { ok, output } = await runCommand("tsc", ["-p", join(root, project)]);
    report.check(`TypeScript 7  ${project.replace("/tsconfig.json", "")}`, ok, output);
  }
  const { ok, output } = await all;
  report.check("TypeScript 6  all of it", ok, output);
};
