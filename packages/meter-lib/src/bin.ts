#!/usr/bin/env node
// `npx meter-lib`: runs the command of @meter-lib/cli, which is not a dependency of this package: services that send usage need
// neither an argument parser nor a dashboard. If the command is installed, it runs; otherwise npm
// fetches the same version, after asking.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import manifest from "../package.json" with { type: "json" };

const CLI = "@meter-lib/cli";
const PROGRAM = "dist/main.js";
const NPM = "npm-cli.js";
const NOT_FOUND = 127;

/** Finds the command's program in the current project, or beside this package. */
const findInstalled = (): string | undefined => {
  for (const from of [join(process.cwd(), "package.json"), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve(`${CLI}/package.json`)), PROGRAM);
    } catch {
      // Not there.
    }
  }
  return undefined;
};

/**
 * Returns how to start npm without a shell: a Windows shell would run parts of the arguments as commands. There, `npm` is a
 * shell script, so Node runs its program.
 */
const findNpm = (): readonly [program: string, ...args: string[]] | undefined => {
  if (process.platform !== "win32") return ["npm"];
  const { npm_execpath = "", APPDATA = "" } = process.env;
  const program = [
    join(dirname(npm_execpath), NPM),
    join(dirname(process.execPath), "node_modules/npm/bin", NPM),
    join(APPDATA, "npm/node_modules/npm/bin", NPM),
  ]
    // Never from below the current folder, which may be untrusted.
    .find((path) => isAbsolute(path) && existsSync(path));
  return program === undefined ? undefined : [process.execPath, program];
};

const fetchAndRun = async (args: readonly string[]): Promise<number> => {
  const [npm, ...first] = findNpm() ?? [];
  if (npm === undefined) return sayWhatToInstall();
  const all = [...first, "exec", `--package=${CLI}@${manifest.version}`, "--", "meter", ...args];
  const child = spawn(npm, all, { stdio: "inherit" });
  // The terminal sends Ctrl-C to both processes: the command ends first, then this one.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  try {
    const [code] = await once(child, "exit");
    return typeof code === "number" ? code : 1;
  } catch {
    return sayWhatToInstall();
  }
};

const sayWhatToInstall = (): number => {
  process.stderr.write(`error: npm is not there to get ${CLI}. Install it: npm install --save-dev ${CLI}\n`);
  return NOT_FOUND;
};

const installed = findInstalled();
if (installed === undefined) process.exitCode = await fetchAndRun(process.argv.slice(2));
else await import(pathToFileURL(installed).href);
