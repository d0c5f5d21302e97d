// The site, into docs/.vitepress/dist: the reference out of the sources, then all pages; a link that leads nowhere ends it.
import { join } from "node:path";
import { publishedPackages } from "./packages/published-packages.ts";
import { root } from "./test/root.ts";
import { runCommand } from "./test/run-command.ts";

const docs = join(root, "docs");
const bin = (name: string) => join(docs, "node_modules/.bin", name);
// What most people install comes first.
const packages = publishedPackages().toSorted(
  (a, b) => Number(b.name === "meter-lib") - Number(a.name === "meter-lib"),
);
// The sources of what is built into the entries: src/node.ts for dist/node.d.ts.
const entries = packages.flatMap(({ entries }) =>
  entries.map(({ types }) => join(root, types.replace("/dist/", "/src/").replace(".d.ts", ".ts"))),
);

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
