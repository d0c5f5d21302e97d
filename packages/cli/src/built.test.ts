import { spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createSandbox } from "@meter-lib/sandbox";
import { expect, test } from "vitest";
import { meter } from "./testing/meter-process.ts";

const PACKAGE = join(import.meta.dirname, "..");
// Below node_modules, so that the built files find their packages and nobody else finds them.
const OUT = "node_modules/.cache/built-test";

test("the built program works like the source", { timeout: 240_000 }, async () => {
  const tsup = join(PACKAGE, "../../node_modules/.bin/tsup");
  const build = spawnSync(tsup, ["--no-dts", "--out-dir", OUT], { cwd: PACKAGE, encoding: "utf8" });
  expect(build.stdout + build.stderr).toContain("Build success");
  const program = join(PACKAGE, OUT, "main.js");
  const options = { program };
  try {
    expect(await meter(["--help"], options)).toMatchObject({ exit: 0, stderr: "" });
    await using sandbox = await createSandbox({ tenants: { a: "cust_a" } });
    const event = ["--tenant", "a", "--device", "d", "--meter", "page.processed.basic", "--usage", "2"];
    const sent = await meter(["send", ...event, "--base-url", sandbox.url], options);
    expect(sent).toMatchObject({ exit: 0, stderr: "" });
    expect(sandbox.usage()).toMatchObject([{ total_usage: 2 }]);
  } finally {
    await rm(join(PACKAGE, OUT), { recursive: true, force: true });
  }
});
