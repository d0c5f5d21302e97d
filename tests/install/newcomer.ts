// What a newcomer does: each way of docs/guide/get-started.md, the test runners of docs/guide/testing.md and the database of docs/guide/outbox.md, in an empty folder with an empty home,
// from the packed packages, step by step as it is written there, until the sandbox has counted the first event; with the time that each step took.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { startPostgres } from "../../packages/outbox-postgres/test/postgres-server.ts";
import { findChromium, NO_CHROMIUM } from "../../scripts/find-chromium.ts";
import { packPackages } from "../../scripts/packages/pack-packages.ts";
import { Report } from "../../scripts/test/report.ts";
import { root } from "../../scripts/test/root.ts";
import { runCommand } from "../../scripts/test/run-command.ts";
import { guideSteps } from "./newcomer/guide-steps.ts";
import { newcomerProject } from "./newcomer/newcomer-project.ts";
import { tarballRegistry } from "./newcomer/tarball-registry.ts";

/** What the sandbox of the guide has counted. */
const countedPages = async (): Promise<unknown> => {
  const response = await fetch("http://127.0.0.1:8099/sandbox/v1/usage");
  return /"total_usage":\s*(\d+)/.exec(await response.text())?.[1];
};

const expectEqual = (what: string, given: unknown, expected: unknown): void => {
  if (given !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(given)}`);
};

const pressTheButton = async (): Promise<void> => {
  const found = await findChromium();
  if (found === undefined) return console.warn(NO_CHROMIUM);
  const browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] });
  try {
    const page = await browser.newPage();
    await page.goto("http://localhost:5173");
    await page.getByRole("button").click();
    await page.getByText("acknowledged").waitFor();
    expectEqual("pages that are counted", await countedPages(), "3");
  } finally {
    await browser.close();
  }
};

const passed =
  (words: RegExp) =>
  async (printed: string): Promise<void> => {
    if (!words.test(printed)) throw new Error(`expected ${words} in what it printed:\n${printed}`);
  };

/** The ways of the guides by chapter, and how one sees that the event was counted. */
const ways: readonly (readonly [guide: string, title: string, look: (printed: string) => Promise<void>])[] = [
  [
    "get-started",
    "In a Node service",
    async (printed) => {
      expectEqual("what it printed", printed.includes("counted"), true);
      expectEqual("pages that are counted", await countedPages(), "24");
    },
  ],
  ["get-started", "In a page", pressTheButton],
  ["get-started", "In a test", passed(/1 passed/)],
  ["testing", "With Jest", passed(/Tests: +\d+ passed, \d+ total/)],
  ["testing", "With node:test", passed(/fail 0/)],
  [
    "outbox",
    "Set up PostgreSQL",
    async (printed) => {
      await passed(/^1 recorded, 1 acknowledged,/)(printed);
      expectEqual("pages that are counted", await countedPages(), "24");
    },
  ],
];

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`;

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const report = new Report();
const folder = mkdtempSync(join(tmpdir(), "meter-lib-newcomer-"));
try {
  report.begin("Packed");
  const built = await runCommand("turbo", ["run", "build", "--output-logs=errors-only"]);
  if (!built.ok) throw new Error(`the packages do not build:\n${built.output}`);
  const upstream = (await runCommand("npm", ["config", "get", "registry", "--loglevel=error"])).output.trim();
  await using registry = await tarballRegistry(await packPackages(folder), upstream);
  const postgres = await startPostgres();
  for (const [guide, title, look] of ways.filter(([, title]) => title.includes(values.only))) {
    const text = readFileSync(join(root, `docs/guide/${guide}.md`), "utf8");
    const section = report.begin(title);
    await using project = newcomerProject(registry.url, { DATABASE_URL: postgres.url });
    const started = performance.now();
    try {
      let printed = "";
      for (const step of guideSteps(text, title)) {
        const stepStarted = performance.now();
        printed = await project.take(step);
        console.log(
          `${seconds(stepStarted)}  ${step.kind === "file" ? `writes ${step.name}` : step.command}`,
        );
      }
      await look(printed);
      section.check(`counted after ${seconds(started).trim()}`, true);
    } catch (error) {
      section.check("counted", false, String(error));
    }
  }
  await postgres.remove();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!report.end()) process.exitCode = 1;
