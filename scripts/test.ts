// Everything that must hold before a change is merged, in order; the last line says what came of it.
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

report.section("Lint");
await check("biome", "biome", "check", ".");
await check("edges between packages", "node", "scripts/check-edges.ts");
await check("lockfile", "node", "scripts/check-lockfile.ts");

report.section("Types");
await checkTypes(report);

report.section("Docs");
await check("code blocks compile and run", "node", "scripts/check-docs.ts");

report.section("Tests");
await runUnitTests(report);

report.section("Build");
if (await check("all packages", "turbo", "run", "build", "--output-logs=errors-only")) {
  report.section("Built packages");
  await checkBuiltPackages(report);
}

report.section("Examples");
await check("guide-snippets", "node", "--conditions=source", "examples/guide-snippets/src/main.ts");

report.section("Demo");
const demo = await runCommand("node", ["--conditions=source", "examples/demo/src/demo.ts"], { live: true });
report.check("demo", demo.ok);

if (!report.end()) process.exitCode = 1;
