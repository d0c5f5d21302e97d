import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { SOURCE } from "../testing/meter-process.ts";
import { TempFolder } from "../testing/temp-folder.ts";

test("bash completes commands, values and files with the script", { timeout: 240_000 }, async () => {
  await using folder = await TempFolder.create();
  await folder.file("usage one.csv", "");
  const script = `
    meter() { ${process.execPath} --conditions=source ${SOURCE} "$@"; }
    source <(meter completion bash)
    for line in "outbox red" "outbox list --state q" "import us"; do
      COMP_WORDS=(meter $line); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
      _meter
      printf '%s\\n' "\${COMPREPLY[@]}"
    done`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script], {
    cwd: folder.path,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(stdout).toBe("redrive\nquarantined\nusage one.csv\n");
});
