import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Report } from "./report.ts";
import { root } from "./root.ts";
import { runCommand } from "./run-command.ts";

/** Every project of the repository, each with both compilers. */
export const checkTypes = async (report: Report): Promise<void> => {
  const projects = globSync(["packages/*/tsconfig.json", "examples/*/tsconfig.json", "*/tsconfig.json"], {
    cwd: root,
  }).sort();
  const left = ["tsc", "tsc6"].flatMap((compiler) => projects.map((project) => ({ compiler, project })));
  const work = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) {
      const { compiler, project } = job;
      const { ok, output } = await runCommand(compiler, ["-p", join(root, project)]);
      const name = `${compiler === "tsc" ? "TypeScript 7" : "TypeScript 6"}  ${project.replace("/tsconfig.json", "")}`;
      report.check(name, ok, output);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
};
