// A lockfile that names a registry's address installs from there only.
import { readFileSync } from "node:fs";

const file = new URL("../pnpm-lock.yaml", import.meta.url);
const faults = readFileSync(file, "utf8")
  .split("\n")
  .flatMap((line, index) => (/https?:\/\//.test(line) ? [`pnpm-lock.yaml:${index + 1} ${line.trim()}`] : []));
for (const fault of faults) console.error(fault);
if (faults.length > 0) {
  console.error("\nThe lockfile holds addresses: it must work with every registry.");
  process.exitCode = 1;
}
