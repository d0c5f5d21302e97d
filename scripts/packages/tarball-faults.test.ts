import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "../test/run-command.ts";
import { tarballFaults } from "./tarball-faults.ts";

const MANIFEST = {
  name: "sample",
  version: "1.0.0",
  description: "A sample.",
  license: "MIT",
  type: "module",
  homepage: "https://example.com",
  repository: { type: "git", url: "git+https://github.com/example/sample.git" },
  bugs: "https://github.com/example/sample/issues",
  engines: { node: ">=22" },
  sideEffects: false,
  files: ["dist", "LICENSE"],
  exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
};
const FILES = {
  LICENSE: "MIT",
  "README.md": "# sample",
  "dist/index.js": "export const a = 1;\n",
  "dist/index.js.map":
    '{"version":3,"sources":["index.ts"],"sourcesContent":["export const a = 1;"],"mappings":""}',
  "dist/index.d.ts": "export declare const a = 1;\n",
};

const faultsOf = async (
  manifest: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>>,
): Promise<readonly string[]> => {
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-tarball-"));
  try {
    for (const [path, text] of Object.entries({ ...files, "package.json": JSON.stringify(manifest) })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { ok, output } = await runCommand("npm", ["pack", "--silent"], { cwd: folder });
    if (!ok) throw new Error(output);
    return await tarballFaults(join(folder, "sample-1.0.0.tgz"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

test("a package that can be published has none", async () => {
  expect(await faultsOf(MANIFEST, FILES)).toEqual([]);
});

test("each thing that a user would stumble over is named", async () => {
  const manifest = {
    ...MANIFEST,
    license: undefined,
    dependencies: { "@meter-lib/core": "workspace:^", valibot: "catalog:" },
    exports: {
      ".": { source: "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./other": { types: "./dist/other.d.ts", default: "./dist/other.js" },
    },
  };
  const { LICENSE: _, "dist/index.js.map": __, ...rest } = FILES;

  const faults = (await faultsOf(manifest, { ...rest, "dist/a.test.js": "" })).join("\n");

  for (const words of [
    'no "license"',
    "dependencies.@meter-lib/core is workspace:^",
    "dependencies.valibot is catalog:",
    'the condition "source"',
    "LICENSE is missing",
    "dist/a.test.js is for us alone",
    "dist/index.js has no source map",
    "publint:",
    "are the types wrong:",
  ])
    expect(faults).toContain(words);
});
