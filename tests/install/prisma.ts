// The adapter for Prisma with Prisma itself, which weighs more than the rest of the workspace: installed with the tarballs into a folder of its own.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../packages/outbox-postgres/test/postgres-server.ts";
import { packPackages } from "../../scripts/packages/pack-packages.ts";
import { Report } from "../../scripts/test/report.ts";
import { root } from "../../scripts/test/root.ts";
import { runCommand } from "../../scripts/test/run-command.ts";

const TOOLS = { "@prisma/adapter-pg": "7.10.1", "@prisma/client": "7.10.0", pg: "8.23.1", prisma: "7.10.1" };

const report = new Report();
const section = report.begin("Prisma");
const folder = mkdtempSync(join(tmpdir(), "meter-lib-prisma-"));
const project = join(folder, "project");
const server = await startPostgres();
try {
  const take = async (name: string, command: string, ...args: readonly string[]): Promise<void> => {
    const { ok, output } = await runCommand(command, args, { cwd: project });
    section.check(name, ok, output);
    if (!ok) throw new Error(`${name} failed`);
  };
  const built = await runCommand("turbo", ["run", "build", "--output-logs=errors-only"]);
  if (!built.ok) throw new Error(`the packages do not build:\n${built.output}`);
  cpSync(join(root, "tests/install/prisma"), project, { recursive: true });
  const tarballs = [...(await packPackages(folder))].map(([name, path]) => [name, `file:${path}`]);
  const dependencies = { ...TOOLS, ...Object.fromEntries(tarballs) };
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }, undefined, 2),
  );
  await take("npm install", "npm", "install", "--no-audit", "--no-fund");
  await take("prisma generate", "npx", "prisma", "generate");
  await take("orders are billed when committed, not when rolled back", "node", "bill.js", server.url);
} finally {
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
}
if (!report.end()) process.exitCode = 1;
