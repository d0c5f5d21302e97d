// Everything that must hold before a change is merged, in order; the last line says what came of it.
// With words after it, only the sections whose titles begin with one of them: `test lint types`.
import { checkBuiltPackages } from "./test/built-packages.ts";
import { Report } from "./test/report.ts";
import { runCommand } from "./test/run-command.ts";
import { checkTypes } from "./test/type-checks.ts";
import { runUnitTests } from "./test/unit-tests.ts";

const report = new Report();
const check = async (name: string, command: string, ...args: readonly string[]): Promise<boolean> => {
  const { ok, output } = await runCommand(command, args);
  report.check(name, ok, output);
  return ok;
};

const sections: Readonly<Record<string, () => Promise<void>>> = {
  Lint: async () => {
    await Promise.all([
      check("biome", "biome", "check", "."),
      check("edges between packages", "node", "scripts/check-edges.ts"),
      check("lockfile", "node", "scripts/check-lockfile.ts"),
      check("what nothing uses", "knip", "--no-progress"),
      check("spelling", "cspell", "lint", "--no-progress", "--no-summary"),
    ]);
  },
  Types: () => checkTypes(report),
  Docs: async () => {
    await Promise.all([
      check("code blocks compile and run, links lead somewhere", "node", "scripts/check-docs.ts"),
      check("the site builds", "node", "scripts/build-docs.ts"),
    ]);
  },
  Unit: () => runUnitTests(report),
  Build: async () => {
    if (await check("all packages", "turbo", "run", "build", "--output-logs=errors-only"))
      await checkBuiltPackages(report);
  },
  Examples: async () => {
    await check("guide-snippets", "node", "--conditions=source", "examples/guide-snippets/src/main.ts");
  },
  Demo: async () => {
    const { ok } = await runCommand("node", ["--conditions=source", "examples/demo/src/demo.ts"], {
      live: true,
    });
    report.check("demo", ok);
  },
};

const asked = process.argv.slice(2).map((word) => word.toLowerCase());
const chosen = Object.entries(sections).filter(
  ([title]) => asked.length === 0 || asked.some((word) => title.toLowerCase().startsWith(word)),
);
for (const [title, run] of chosen) {
  report.section(title);
  await run();
}
if (chosen.length === 0) console.error(`No such section; there are ${Object.keys(sections).join(", ")}.`);
if (!report.end() || chosen.length === 0) process.exitCode = 1;
