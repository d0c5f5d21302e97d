import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { Section } from "./report.ts";
import { root } from "./root.ts";
import { runCommand } from "./run-command.ts";

/** It tells the hooks which client it has, and that holds for a whole program. */
const ALONE: ReadonlySet<string> = new Set(["examples/browser-chat"]);
/** Of what is published, and the examples: version 6 takes ten times as long, and users have nothing else of ours. */
const TYPESCRIPT_6 = "tsconfig.published.json";

interface Settings {
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
}

const settingsOf = (file: string): Settings =>
  ts.parseConfigFileTextToJson(file, readFileSync(join(root, file), "utf8")).config;

interface Project {
  readonly folder: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

const projects = (): readonly Project[] => {
  const base = settingsOf("tsconfig.base.json").compilerOptions;
  return globSync(
    [
      "{packages,examples,tests}/*/tsconfig.json",
      "packages/*/{dashboard,test}/tsconfig.json",
      "*/tsconfig.json",
    ],
    { cwd: root },
  )
    .sort()
    .map((file) => {
      const { compilerOptions, include, exclude = [] } = settingsOf(file);
      const folder = dirname(file);
      const absolute = (path: string): string => join(root, folder, path);
      return {
        folder,
        options: { ...base, ...compilerOptions },
        include: include.map(absolute),
        exclude: exclude.map(absolute),
      };
    });
};

/** Those of the same settings: what they share is read and checked once. */
const together = ({ folder, options }: Project): string =>
  ALONE.has(folder) ? folder : JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Every project with TypeScript 7, what is published also with TypeScript 6. */
export const checkTypes = async (section: Section): Promise<void> => {
  // The slow one goes on beside the others.
  const slow = runCommand("tsc6", ["-p", join(root, TYPESCRIPT_6)]);
  // Below the repository, whose types it finds there.
  const scratch = mkdtempSync(join(root, "node_modules/.types-"));
  try {
    for (const [index, group] of [...Map.groupBy(projects(), together).values()].entries()) {
      const folders = group.map(({ folder }) => folder);
      let project = join(root, folders[0] ?? "");
      if (group.length > 1) {
        project = join(scratch, `${index}.json`);
        const config = {
          compilerOptions: group[0]?.options,
          include: group.flatMap(({ include }) => include),
          exclude: [join(root, "**/node_modules"), ...group.flatMap(({ exclude }) => exclude)],
        };
        writeFileSync(project, JSON.stringify(config));
      }
      const { ok, output } = await runCommand("tsc", ["-p", project]);
      section.check(
        `TypeScript 7  ${folders.length > 3 ? `${folders[0]} and ${folders.length - 1} more` : folders.join(", ")}`,
        ok,
        output,
      );
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  const { ok, output } = await slow;
  section.check("TypeScript 6  what is published, and the examples", ok, output);
};
