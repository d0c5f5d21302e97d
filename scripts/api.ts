// The public surface of every package against its record, packages/*/api.md; `--write` renews the records. Reads dist: build first.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeApi } from "./api/describe-api.ts";
import { firstDifference } from "./api/first-difference.ts";
import { publishedPackages } from "./packages/published-packages.ts";
import { root } from "./test/root.ts";

const write = process.argv.includes("--write");
const faults: string[] = [];
for (const [folder, api] of describeApi(publishedPackages())) {
  const path = `packages/${folder}/api.md`;
  const file = join(root, path);
  const recorded = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (recorded === api) continue;
  if (write) writeFileSync(file, api);
  else faults.push(`${path}\n${firstDifference(recorded, api)}`);
}
if (faults.length > 0) {
  console.error(faults.join("\n\n"));
  console.error(
    "\nThe public surface has changed. If that is meant, run `pnpm api`, look at the difference and commit it.",
  );
  process.exitCode = 1;
}
