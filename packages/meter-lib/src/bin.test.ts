import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };

const BIN = fileURLToPath(new URL("bin.ts", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meter-lib-bin-"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = async (path: string, content: string): Promise<void> => {
  const full = join(folder, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
};

const run = async (args: readonly string[], path: string, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: folder,
    env: { PATH: path, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [exit] = await once(child, "close");
  const [stdout, stderr] = await said;
  return { exit, stdout, stderr };
};

test("runs the command that the project has installed, with its arguments and its exit code", async () => {
  const cli = "node_modules/@meter-lib/cli";
  await write(`${cli}/package.json`, '{"name":"@meter-lib/cli","type":"module"}');
  await write(
    `${cli}/dist/main.js`,
    "console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 4;",
  );
  const ended = await run(["outbox", "list", "a b.db"], "");
  expect(ended).toMatchObject({ exit: 4, stdout: '["outbox","list","a b.db"]\n', stderr: "" });
});

// The packages of this repository are linked to each other: away from it, this one alone is installed.
test.skipIf(process.platform === "win32")(
  "without it, npm is asked for the one of the same version",
  async () => {
    await write("bin/npm", '#!/bin/sh\nfor word in "$@"; do echo "$word"; done\nexit 5\n');
    await chmod(join(folder, "bin/npm"), 0o755);
    const ended = await run(["send", "--meter", "a b"], join(folder, "bin"));
    expect(ended.stdout.trim().split("\n")).toEqual([
      "exec",
      `--package=@meter-lib/cli@${manifest.version}`,
      "--",
      "meter",
      "send",
      "--meter",
      "a b",
    ]);
    expect(ended.exit).toBe(5);
  },
);

test("on Windows npm is run without a shell: an argument stays one, whatever is in it", async () => {
  await write("windows.mjs", 'Object.defineProperty(process, "platform", { value: "win32" });');
  await write("npm/npm-cli.js", "console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 5;");
  await write("cmd.sh", '#!/bin/sh\necho "a shell was started: $@"\n');
  await chmod(join(folder, "cmd.sh"), 0o755);
  const args = ["send", "--tenant", "acme & calc.exe", "--metadata", 'note="%PATH%|whoami"'];
  const ended = await run(args, "", {
    NODE_OPTIONS: `--import ${pathToFileURL(join(folder, "windows.mjs"))}`,
    npm_execpath: join(folder, "npm/npx-cli.js"),
    comspec: join(folder, "cmd.sh"),
  });
  expect(JSON.parse(ended.stdout)).toEqual([
    "exec",
    `--package=@meter-lib/cli@${manifest.version}`,
    "--",
    "meter",
    ...args,
  ]);
  expect(ended.exit).toBe(5);
});

test("without npm it says what to install", async () => {
  const ended = await run([], folder);
  expect(ended.exit).toBe(127);
  expect(ended.stderr).toContain("npm install --save-dev @meter-lib/cli");
});
