import { expect, test } from "vitest";
import { EDGE_RULES, RUNTIME_GLOBALS } from "./edge-rules.ts";
import { findEdgeFaults } from "./find-edge-faults.ts";
import { readSource } from "./source-file.ts";

const faultsOf = (packageName: string, files: Record<string, string>, listed: readonly string[] = []) =>
  findEdgeFaults({
    rules: EDGE_RULES,
    files: Object.entries(files).map(([path, text]) => readSource(packageName, path, text, RUNTIME_GLOBALS)),
    dependencies: new Map([[packageName, { runtime: new Set(listed), development: new Set(["vitest"]) }]]),
  });

test("an adapter may not import another adapter", () => {
  const files = {
    "index.ts":
      'import type { Transport } from "@meter-lib/core";\nexport { x } from "@meter-lib/lookup-http";\n',
  };

  expect(faultsOf("transport-fetch", files, ["@meter-lib/core", "@meter-lib/lookup-http"])).toEqual([
    'packages/transport-fetch/src/index.ts:2 imports "@meter-lib/lookup-http": transport-fetch may import only core',
  ]);
});

test("a dynamic import is an import", () => {
  expect(faultsOf("core", { "late.ts": 'const ky = await import("ky");\n' })).toEqual([
    'packages/core/src/late.ts:1 imports "ky", which packages/core/package.json does not list for users',
  ]);
});

test("what a portable entry reaches may not import a node: module; other files may", () => {
  const files = {
    "index.ts": 'export { a } from "./inner/a.ts";\n',
    "inner/a.ts": '\nimport { readFileSync } from "node:fs";\n',
    "inner/a.test.ts": 'import { readFileSync } from "node:fs";\n',
  };

  expect(faultsOf("lookup-http", files)).toEqual([
    'packages/lookup-http/src/inner/a.ts:2 imports "node:fs", but index.ts must work without Node',
  ]);
});

test("no file of core imports a node: module, reached or not", () => {
  expect(faultsOf("core", { "deep/alone.ts": 'import { hash } from "node:crypto";\n' })).toEqual([
    'packages/core/src/deep/alone.ts:1 imports "node:crypto", but deep/alone.ts must work without Node',
  ]);
});

test("a portable entry may not reach a package that needs Node", () => {
  const files = { "index.ts": 'export { sqliteOutbox } from "@meter-lib/outbox-sqlite";\n' };

  expect(faultsOf("meter-lib", files, ["@meter-lib/outbox-sqlite"])).toEqual([
    'packages/meter-lib/src/index.ts:1 imports "@meter-lib/outbox-sqlite", which needs Node, but index.ts must work without',
  ]);
});

test("core uses no global that only some runtimes have", () => {
  const files = {
    "bad.ts": [
      "const a = window.innerWidth;",
      "const b = globalThis.process.pid;",
      "const c = { Buffer };",
      "const d = typeof document;",
    ].join("\n"),
    "good.ts": [
      "const a = event.document;",
      "const b = { window: 4, process() {} };",
      "interface Shape { readonly navigator: string }",
      "const { location: place } = shape;",
      "// localStorage",
    ].join("\n"),
  };

  expect(faultsOf("core", files)).toEqual([
    'packages/core/src/bad.ts:1 uses "window", which not every runtime has: let the caller give it',
    'packages/core/src/bad.ts:2 uses "process", which not every runtime has: let the caller give it',
    'packages/core/src/bad.ts:3 uses "Buffer", which not every runtime has: let the caller give it',
    'packages/core/src/bad.ts:4 uses "document", which not every runtime has: let the caller give it',
  ]);
});

test("tests may import the test packages, sources may not", () => {
  const text = 'import { createSandbox } from "@meter-lib/sandbox";\n';

  expect(faultsOf("lookup-http", { "a.test.ts": text }, ["@meter-lib/sandbox"])).toEqual([]);
  expect(faultsOf("lookup-http", { "a.ts": text }, ["@meter-lib/sandbox"])).toEqual([
    'packages/lookup-http/src/a.ts:1 imports "@meter-lib/sandbox": lookup-http may import only core',
  ]);
});

test("a package without a line in the table is told", () => {
  expect(faultsOf("surprise", { "index.ts": "" })).toEqual([
    'packages/surprise/src/index.ts:1 the package "surprise" has no line in the table of scripts/edges/edge-rules.ts',
  ]);
});
