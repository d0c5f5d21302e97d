import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../serve.ts", import.meta.url));

/** The command as a child process. */
export interface ServeProcess {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The first line of its standard output; undefined when it ended without one. */
  readonly firstLine: Promise<string | undefined>;
  /** Its standard error, once it has ended. */
  readonly errors: Promise<string>;
  /** Exit code and signal, once it has ended. */
  readonly ended: Promise<readonly [code: unknown, signal: unknown]>;
}

/** Starts the command with these flags. */
export const startServe = (...flags: readonly string[]): ServeProcess => {
  const child = spawn(process.execPath, ["--conditions=source", COMMAND, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const firstLine = async (): Promise<string | undefined> => {
    for await (const line of createInterface({ input: child.stdout })) return line;
    return undefined;
  };
  const ended = once(child, "close").then(([code, signal]) => [code, signal] as const);
  const errors = async (): Promise<string> => {
    let text = "";
    for await (const chunk of child.stderr) text += chunk;
    return text;
  };
  return { child, firstLine: firstLine(), errors: errors(), ended };
};
