import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Starts a browser that does not outlive its driver. */
export const spawnBrowser = (
  executablePath: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) => {
  const child = spawn(executablePath, args, {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
  });
  const exited = once(child, "exit");
  const killGroup = () => {
    // The group: the browser's helpers are not to finish anything for it.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", killGroup);
  return {
    child,
    /** SIGKILL to all its processes. */
    kill: async () => {
      killGroup();
      await exited;
      process.off("exit", killGroup);
    },
  };
};

/** What the first line on stderr that matches has in its parentheses. */
export const announced = async ({ stderr }: ChildProcess, line: RegExp): Promise<string> => {
  if (stderr === null) throw new Error("no stderr to read");
  for await (const text of createInterface({ input: stderr })) {
    const [, found] = line.exec(text) ?? [];
    if (found !== undefined) {
      stderr.resume();
      return found;
    }
  }
  throw new Error("the browser ended before it listened");
};
