import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Section } from "./report.ts";
import { runCommand } from "./run-command.ts";

/** All tests of vitest; it prints its own report. */
export const runUnitTests = async (section: Section): Promise<void> => {
  section.print();
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-tests-"));
  const file = join(folder, "report.json");
  try {
    const { ok } = await runCommand(
      "vitest",
      ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`],
      { live: true },
    );
    const counts = readReport(file);
    section.add(counts);
    // A file that does not load, or an error outside of all tests, fails the run but no test.
    if (!ok && counts.failed.length === 0) section.check("vitest ended without an error", false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Counts {
  readonly passed: number;
  readonly failed: readonly string[];
  readonly skipped: number;
}

const readReport = (file: string): Counts => {
  try {
    return countTests(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    return { passed: 0, failed: [`vitest wrote no report: ${String(error)}`], skipped: 0 };
  }
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const listIn = (value: unknown, field: string): readonly Record<string, unknown>[] => {
  const list = isObject(value) ? value[field] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
};

const countTests = (report: unknown): Counts => {
  const tests = listIn(report, "testResults").flatMap((file) => listIn(file, "assertionResults"));
  const withStatus = (status: string) => tests.filter((test) => test.status === status);
  const failed = withStatus("failed");
  const passed = withStatus("passed");
  return {
    passed: passed.length,
    failed: failed.map((test) => String(test.fullName)),
    skipped: tests.length - passed.length - failed.length,
  };
};
