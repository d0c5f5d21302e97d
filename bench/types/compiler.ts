import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** A compiler that users of meter-lib may have. */
export interface Compiler {
  readonly name: string;
  /** Path of its command line script. */
  readonly script: string;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

const installed = (name: string, packageName: string, command: string): Compiler => {
  const manifest = require.resolve(`${packageName}/package.json`);
  const content = readJson(manifest);
  const bin = typeof content === "object" && content !== null && "bin" in content ? content.bin : undefined;
  const script =
    typeof bin === "object" && bin !== null
      ? Object.entries(bin).find(([key]) => key === command)
      : undefined;
  if (script === undefined) throw new Error(`${manifest} has no command ${command}`);
  return { name, script: join(dirname(manifest), String(script[1])) };
};

export const compilers: readonly [Compiler, Compiler] = [
  installed("TypeScript 6", "typescript", "tsc6"),
  installed("TypeScript 7", "typescript-7", "tsc"),
];

/** Everything the compiler says about a project, whether it finds errors or not. */
export const compile = (compiler: Compiler, project: string, ...flags: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const args = [compiler.script, "-p", project, "--pretty", "false", ...flags];
    execFile(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      // Errors in the project end with a small exit code; anything else is a compiler that did not run.
      if (error === null || (typeof error.code === "number" && stdout.length > 0)) resolve(stdout);
      else reject(new Error(`${compiler.name} did not run: ${error.message}\n${stderr}`));
    });
  });

/** One error of a compiler. */
export interface Diagnostic {
  readonly file: string;
  readonly line: number;
  /** With all the lines that explain it. */
  readonly message: string;
}

/** The errors in what a compiler said. */
export const diagnosticsIn = (output: string): Diagnostic[] => {
  const found: Diagnostic[] = [];
  for (const line of output.split("\n")) {
    const start = /^(?<file>.+)\((?<line>\d+),\d+\): error (?<message>.*)$/.exec(line)?.groups;
    if (start !== undefined) {
      found.push({ file: start.file ?? "", line: Number(start.line), message: start.message ?? "" });
    } else if (line.startsWith("error ")) {
      found.push({ file: "", line: 0, message: line });
    } else if (line.startsWith("  ")) {
      const last = found.pop();
      if (last !== undefined) found.push({ ...last, message: `${last.message}\n${line}` });
    }
  }
  return found;
};
