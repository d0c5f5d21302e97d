// The site, into docs/.vitepress/dist: the reference out of the sources, then all pages; a link that leads nowhere ends it.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { referenceEntries } from "./docs/reference-entries.ts";
import { root } from "./test/root.ts";
import { runCommand } from "./test/run-command.ts";

const docs = join(root, "docs");
const bin = (name: string) => join(docs, "node_modules/.bin", name);
const entries = referenceEntries().map(({ source }) => join(root, source));

// Pages of entries that are gone would stay on the site.
rmSync(join(docs, "reference"), { recursive: true, force: true });
const steps: readonly (readonly [string, readonly string[]])[] = [
  [bin("typedoc"), entries.flatMap((entry) => ["--entryPoints", entry])],
  [bin("vitepress"), ["build"]],
];
for (const [command, args] of steps) {
  const { ok } = await runCommand(command, args, { cwd: docs, live: true });
  if (ok) continue;
  process.exitCode = 1;
  break;
}
