// Packs all packages, installs them with npm into a folder of their own, bundles and runs them as strangers do; takes minutes.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findChromium, NO_CHROMIUM } from "../../scripts/find-chromium.ts";
import { packPackages } from "../../scripts/packages/pack-packages.ts";
import { Report } from "../../scripts/test/report.ts";
import { root } from "../../scripts/test/root.ts";
import { runCommand } from "../../scripts/test/run-command.ts";
import { openBundle } from "./open-bundle.ts";

const TOOLS = {
  "@hono/node-server": "2.1.8",
  "edge-runtime": "4.0.1",
  esbuild: "0.28.2",
  express: "5.3.0",
  fastify: "5.12.8",
  hono: "4.13.19",
  "@types/node": "24.19.2",
  "@types/react": "19.3.0",
  miniflare: "4.20260730.0",
  next: "16.4.6",
  vite: "8.3.8",
  webpack: "5.112.2",
};

const ALWAYS = {
  noEmit: true,
  skipLibCheck: false,
  target: "es2023",
  lib: ["es2024", "esnext.disposable", "dom"],
  types: ["node"],
};
const NODE_NEXT = { module: "nodenext", moduleResolution: "nodenext" };
const BUNDLER = { module: "esnext", moduleResolution: "bundler" };
const EXACT = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };

// The oldest that every package but the Kafka transport promises.
const OLDEST_NODE = "node@22.18.0";

/** How users have their compiler set. */
const TYPESCRIPT = {
  "nodenext, strict": { ...NODE_NEXT, strict: true },
  "nodenext, exact optional properties": { ...NODE_NEXT, ...EXACT },
  "nodenext, loose": { ...NODE_NEXT, strict: false },
  "bundler, strict": { ...BUNDLER, strict: true },
  "bundler, exact optional properties, verbatim": { ...BUNDLER, ...EXACT, verbatimModuleSyntax: true },
  "bundler, loose": { ...BUNDLER, strict: false },
};

const report = new Report();
let section = report.begin("Packed");
const folder = mkdtempSync(join(tmpdir(), "meter-lib-environments-"));
const project = join(folder, "project");

const fromTarballs = (tarballs: ReadonlyMap<string, string>): Readonly<Record<string, string>> =>
  Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]));

/** A program that prints "ok" at its end. */
const says = async (name: string, command: string, ...args: readonly string[]): Promise<void> =>
  saysIn(project, name, command, ...args);

const saysIn = async (
  cwd: string,
  name: string,
  command: string,
  ...args: readonly string[]
): Promise<void> => {
  const { ok, output } = await runCommand(command, args, { cwd });
  section.check(name, ok && /(^|\n)ok\n*$/.test(output), output);
};

try {
  const built = await runCommand("turbo", ["run", "build", "--output-logs=errors-only"]);
  if (!built.ok) throw new Error(`the packages do not build:\n${built.output}`);
  section.check("build", true);
  cpSync(join(root, "tests/install/programs"), project, { recursive: true });
  const dependencies = {
    ...TOOLS,
    ...fromTarballs(await packPackages(folder)),
    react: "^19.0.0",
    vitest: "^5.1.1",
  };
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }, undefined, 2),
  );
  const installed = await runCommand("npm", ["install", "--no-audit", "--no-fund"], { cwd: project });
  section.check("npm install of the tarballs", installed.ok, installed.output);

  section = report.begin("TypeScript, with declarations checked too");
  for (const compiler of ["tsc", "tsc6"])
    for (const [name, options] of Object.entries(TYPESCRIPT)) {
      const config = join(project, "typescript/tsconfig.json");
      writeFileSync(
        config,
        JSON.stringify({ compilerOptions: { ...ALWAYS, ...options }, include: ["*.ts"] }),
      );
      const { ok, output } = await runCommand(compiler, ["-p", config], { cwd: project });
      section.check(`${compiler}  ${name}`, ok, output);
    }

  section = report.begin("Bundles of the browser entry, in Chromium");
  const chromium = await findChromium();
  if (chromium === undefined) console.warn(NO_CHROMIUM);
  for (const bundler of ["none", "vite", "esbuild", "webpack"]) {
    const bundled = await runCommand("node", ["bundle.js", bundler], { cwd: project });
    section.check(`${bundler} bundles`, bundled.ok, bundled.output);
    if (!bundled.ok || chromium === undefined) continue;
    const title = await openBundle(join(project, `dist-${bundler}`), chromium);
    section.check(`${bundler} runs`, title === "ok", title);
  }

  section = report.begin("Core, fetch and relay");
  await says("Node", "node", "plain.js");
  await says("Node, CommonJS", "node", "commonjs.cjs");
  await says("Node, SQLite and the sandbox command", "node", "durable.js");
  for (const program of ["plain.js", "commonjs.cjs", "durable.js"])
    await says(`${OLDEST_NODE}, ${program}`, "npx", "-y", OLDEST_NODE, "--no-warnings", program);
  await says("SIGTERM and SIGINT with Express, Fastify, Hono", "node", "deploy-signal.js");
  await saysIn(join(project, "next"), "Next.js builds and serves", "node", "check.js");
  await says("workerd", "node", "workerd.js");
  await says("edge-runtime", "node", "edge-runtime.js");
  await says("Bun", "npx", "-y", "bun@1.4.5", "plain.js");
  await says("Deno", "npx", "-y", "deno@2.9.6", "run", "-A", "plain.js");
  await says("Node posts once", "node", "post-once.js");
  await says("Bun posts once", "npx", "-y", "bun@1.4.5", "post-once.js");
  await says("Deno posts once", "npx", "-y", "deno@2.9.6", "run", "-A", "post-once.js");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (!report.end()) process.exitCode = 1;
