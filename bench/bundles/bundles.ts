import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packPackages } from "../../scripts/packages/pack-packages.ts";
import { runCommand } from "../../scripts/test/run-command.ts";
import type { Measure } from "../harness/measure.ts";

const TOOLS = {
  esbuild: "0.28.2",
  rollup: "4.68.7",
  "@rollup/plugin-node-resolve": "16.0.3",
  "@rollup/plugin-commonjs": "29.0.3",
  "@rollup/plugin-json": "6.1.0",
  "@rollup/plugin-terser": "1.0.2",
  vite: "8.3.8",
  webpack: "5.112.2",
};

const PEERS = {
  "@openmeter/sdk": "1.0.0-beta.232",
  "@schematichq/schematic-js": "1.8.0",
  "@snowplow/browser-tracker": "4.10.1",
  "@segment/analytics-next": "1.84.3",
  "posthog-js": "1.449.2",
};

/** What a page loads of us and of others, as npm hands them out. */
export const bundles: Measure = {
  name: "bundles",
  about:
    "what a page loads of meter-lib and of other SDKs, by four bundlers; builds the packages, installs from npm",
  defaults: {},
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "bundles-"));
    try {
      const built = await runCommand("npx", ["-y", "pnpm@12.21.0", "build"]);
      if (!built.ok) throw new Error(`the packages do not build:\n${built.output}`);
      const ours = [...(await packPackages(folder))].map(([name, path]) => [name, `file:${path}`]);
      writeFileSync(
        join(folder, "package.json"),
        JSON.stringify({
          private: true,
          type: "module",
          dependencies: { ...TOOLS, ...PEERS, ...Object.fromEntries(ours) },
        }),
      );
      const installed = await runCommand(
        "npm",
        ["install", "--no-audit", "--no-fund", "--legacy-peer-deps"],
        { cwd: folder },
      );
      if (!installed.ok) throw new Error(`npm install failed:\n${installed.output}`);
      copyFileSync(new URL("bundle-all.js", import.meta.url), join(folder, "bundle-all.js"));
      const measured = await runCommand("node", ["bundle-all.js"], { cwd: folder });
      const [, found] = /^ROWS (.*)$/m.exec(measured.output) ?? [];
      if (!measured.ok || found === undefined) throw new Error(measured.output);
      return {
        tables: [{ title: "What a page loads, minified and gzipped, bytes", rows: JSON.parse(found) }],
        notes: ["One file each, with what is imported later in it. Each bundler minifies by its own means."],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
