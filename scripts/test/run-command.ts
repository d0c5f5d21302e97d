import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "./root.ts";

export interface CommandResult {
  readonly ok: boolean;
  /** What it wrote to both outputs; empty when it wrote to ours. */
  readonly output: string;
}

export interface CommandOptions {
  /** Writes to our own outputs while it runs, instead of answering what it wrote. @default false */
  readonly live?: boolean;
  readonly cwd?: string;
}

const environment = {
  ...process.env,
  PATH: [join(root, "node_modules/.bin"), process.env.PATH ?? ""].join(delimiter),
  TURBO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
};

/** Runs a program of `node_modules/.bin` or of the machine to its end. */
export const runCommand = (
  command: string,
  args: readonly string[],
  { live = false, cwd = root }: CommandOptions = {},
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: environment,
      stdio: ["ignore", live ? "inherit" : "pipe", live ? "inherit" : "pipe"],
    });
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    const end = (ok: boolean, more: string) =>
      resolve({ ok, output: Buffer.concat(chunks).toString("utf8") + more });
    child.on("error", (error) => end(false, `${command}: ${error.message}\n`));
    child.on("close", (code, signal) =>
      end(
        code === 0,
        signal === null ? "" : `${command} was ended by ${signal} (${constants.signals[signal]})\n`,
      ),
    );
  });
