import { expect, test } from "vitest";
import { findUpwardArrows } from "./find-upward-arrows.ts";
import { readSource } from "./source-file.ts";

const LAYERS = [["event"], ["log", "memory"], ["client"]];
const arrows = (path: string, text: string) =>
  findUpwardArrows([readSource("core", path, text, new Set())], LAYERS);

test("a file may import from its own folder and from lower layers", () => {
  expect(arrows("log/a.ts", 'import "./b.ts";\nimport "../event/c.ts";\n')).toEqual([]);
  expect(arrows("client/a.ts", 'import type { A } from "../log/a.ts";\n')).toEqual([]);
});

test("an arrow upward, sideways or to an entry is told with its line", () => {
  const text =
    '\nimport type { A } from "../client/a.ts";\nimport "../memory/b.ts";\nimport "../index.ts";\n';

  expect(arrows("log/a.ts", text)).toEqual([
    'packages/core/src/log/a.ts:2 imports from "client", which is not below "log"',
    'packages/core/src/log/a.ts:3 imports from "memory", which is not below "log"',
    'packages/core/src/log/a.ts:4 imports from "index.ts", which is not below "log"',
  ]);
});

test("tests and entries may import from anywhere, a folder without a layer is told", () => {
  expect(arrows("event/a.test.ts", 'import "../client/a.ts";\n')).toEqual([]);
  expect(arrows("index.ts", 'import "./client/a.ts";\n')).toEqual([]);
  expect(arrows("extra/a.ts", "")).toEqual([
    'packages/core/src/extra/a.ts:1 the folder "extra" has no layer in scripts/edges/edge-rules.ts',
  ]);
});
