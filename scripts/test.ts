// Everything that must hold before a change is merged, in order; the last line says what came of it.
// With words after it, only the sections whose titles begin with one of them: `test lint types`.
import { checkBuiltPackages } from "./test/built-packages.ts";
import { Report, type Section } from "./test/report.ts";
import { runCommand } from "./test/run-command.ts";
import { checkTypes } from "./test/type-checks.ts";
import { runUnitTests } from "./test/unit-tests.ts";

const report = new Report();

const run = async (
  section: Section,
  name: string,
  command: string,
  ...args: readonly string[]
): Promise<boolean> => {
  const { ok, output } = await runCommand(command, args);
  section.check(name, ok, output);
  return ok;
};

const sections: Readonly<Record<string, (section: Section) => Promise<void>>> = {
  Lint: async (section) => {
    await Promise.all([
      run(section, "biome", "biome", "check", "."),
      run(section, "edges between packages", "node", "scripts/check-edges.ts"),
      run(section, "lockfile", "node", "scripts/check-lockfile.ts"),
      run(section, "what nothing uses", "knip", "--no-progress"),
      run(section, "spelling", "cspell", "lint", "--no-progress", "--no-summary"),
    ]);
  },
  Types: checkTypes,
  Docs: async (section) => {
    await Promise.all([
      run(section, "code blocks compile and run, links lead somewhere", "node", "scripts/check-docs.ts"),
      run(section, "the site builds", "node", "scripts/build-docs.ts"),
    ]);
  },
  Build: async (section) => {
    if (await run(section, "all packages", "turbo", "run", "build", "--output-logs=errors-only"))
      await checkBuiltPackages(section);
  },
  Unit: runUnitTests,
  Examples: async (section) => {
    await run(
      section,
      "guide-snippets",
      "node",
      "--conditions=source",
      "examples/guide-snippets/src/main.ts",
    );
  },
  Demo: async (section) => {
    section.print();
    const { ok } = await runCommand("node", ["--conditions=source", "examples/demo/src/demo.ts"], {
      live: true,
    });
    section.check("demo", ok);
  },
};
/** They go on beside each other: each waits, or has a core to itself, for a part of its time. */
const TOGETHER: ReadonlySet<string> = new Set(["Lint", "Types", "Docs", "Build"]);

const asked = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = Object.entries(sections).filter(
  ([title]) => asked.length === 0 || asked.some((word) => title.toLowerCase().startsWith(word)),
);
const [together, others] = [true, false].map((isTogether) =>
  chosen.filter(([title]) => TOGETHER.has(title) === isTogether),
);
await Promise.all((together ?? []).map(([title, work]) => report.section(title, work)));
for (const [title, work] of others ?? []) await report.section(title, work);
if (chosen.length === 0) console.error(`No such section; there are ${Object.keys(sections).join(", ")}.`);
if (!report.end() || chosen.length === 0) process.exitCode = 1;
