import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const INDEX = fileURLToPath(new URL("index.ts", import.meta.url));

test("a Node without SQLite is named, with the one that is needed", async () => {
  const old = `process.getBuiltinModule = () => undefined; await import(${JSON.stringify(INDEX)}).catch(({ message }) => console.log(message));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=source",
    "--input-type=module",
    "--eval",
    old,
  ]);
  expect(stdout).toBe(
    `runtime: expected Node 22.18 or newer, for node:sqlite, got Node ${process.versions.node}\n`,
  );
});
