import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { PublishedPackage } from "../packages/published-packages.ts";

/** For tests: two packages, `inner` and `outer`, that have these declarations, by path. */
export const packagesWith = (files: Readonly<Record<string, string>>) => {
  const base = mkdtempSync(join(tmpdir(), "meter-lib-api-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
  const packages = ["inner", "outer"].map(
    (folder): PublishedPackage => ({
      folder,
      name: `@meter-lib/${folder}`,
      description: "",
      version: "1.0.0",
      entries: [{ name: `@meter-lib/${folder}`, types: `packages/${folder}/dist/index.d.ts` }],
    }),
  );
  return { base, packages, [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }) };
};
