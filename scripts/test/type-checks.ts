import { globSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "./report.ts";
import { root } from "./root.ts";
import { runCommand } from "./run-command.ts";

const TYPESCRIPT_6 = {
  "all of it": "tsconfig.all.json",
  "examples/browser-chat": "examples/browser-chat/tsconfig.json",
};

/** Every project by itself with TypeScript 7; with TypeScript 6, which takes ten times as long, as few programs as can be. */
export const checkTypes = async (report: Report): Promise<void> => {
  const projects = globSync(["{packages,examples,tests}/*/tsconfig.json", "*/tsconfig.json"], {
    cwd: root,
  }).sort();
  // The slow ones go on beside the others.
  const slow = Promise.all(
    Object.entries(TYPESCRIPT_6).map(async ([what, project]) => ({
      what,
      ...(await runCommand("tsc6", ["-p", join(root, project)])),
    })),
  );
  for (const project of projects) {
    const { ok, output } = await runCommand("tsc", ["-p", join(root, project)]);
    report.check(`TypeScript 7  ${project.replace("/tsconfig.json", "")}`, ok, output);
  }
  for (const { what, ok, output } of await slow) report.check(`TypeScript 6  ${what}`, ok, output);
};
