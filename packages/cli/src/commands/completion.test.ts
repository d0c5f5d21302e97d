import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Shell } from "../complete/shell-script.ts";
import { SOURCE } from "../testing/meter-process.ts";
import { TempFolder } from "../testing/temp-folder.ts";

const METER = `${process.execPath} --conditions=source ${SOURCE}`;
const LINES = ["outbox red", "outbox list --state q", "import us"];

/** How each shell is asked for what it offers at the ends of lines, without a person at a terminal. */
const ASK: Readonly<Record<Shell, readonly [args: readonly string[], script: string]>> = {
  bash: [
    ["--norc", "-c"],
    `meter() { ${METER} "$@"; }
    source <(meter completion bash)
    for line in ${LINES.map((line) => `"${line}"`).join(" ")}; do
      COMP_WORDS=(meter $line); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); COMPREPLY=()
      _meter
      printf '%s\\n' "\${COMPREPLY[@]}"
    done`,
  ],
  // The two functions of zsh's own that show what was found print it.
  zsh: [
    ["-f", "-c"],
    `meter() { ${METER} "$@" }
    compdef() { :; }
    _describe() { print -l -- \${\${(P)2}%%:*} }
    _files() { print -l -- us* }
    source <(meter completion zsh)
    for line in ${LINES.map((line) => `"${line}"`).join(" ")}; do
      words=(meter \${=line}); CURRENT=\${#words}
      _meter
    done`,
  ],
  fish: [
    ["--no-config", "-c"],
    `function meter; env ${METER} $argv; end
    meter completion fish | source
    for line in ${LINES.map((line) => `"meter ${line}"`).join(" ")}
      complete -C $line | string split -f 1 \\t
    end`,
  ],
};

const isHere = (shell: Shell): boolean => spawnSync(shell, ["--version"]).status === 0;

for (const shell of ["bash", "zsh", "fish"] as const) {
  const here = isHere(shell);
  if (!here) console.log(`SKIPPED: completion in ${shell} (it is not installed)`);
  test.skipIf(!here)(`${shell} completes commands, values and files with the script`, async () => {
    await using folder = await TempFolder.create();
    await folder.file("usage one.csv", "");
    const [args, script] = ASK[shell];
    const { stdout, stderr } = spawnSync(shell, [...args, script], { cwd: folder.path, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe("redrive\nquarantined\nusage one.csv\n");
  });
}
