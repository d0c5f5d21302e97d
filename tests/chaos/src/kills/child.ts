import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";

/** A process of ours that runs TypeScript from source. */
export interface Child {
  readonly pid: number;
  /** The next line on its standard output; undefined when it ended. */
  nextLine(): Promise<string | undefined>;
  signal(name: NodeJS.Signals): void;
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly errors: () => string;
}

export const startChild = (script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Child => {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--expose-gc", "--conditions=source", "--disable-warning=ExperimentalWarning", script, ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env, NODE_OPTIONS: "" } },
  );
  const { stdout, stderr, pid } = child;
  if (stdout === null || stderr === null || pid === undefined) throw new Error(`${script} did not start`);
  let errors = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  const lines: Interface = createInterface({ input: stdout });
  const reader = lines[Symbol.asyncIterator]();
  const ended = once(child, "close").then(
    ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? 0,
  );
  return {
    pid,
    nextLine: async () => {
      const { value, done } = await reader.next();
      return done === true ? undefined : value;
    },
    signal: (name) => {
      child.kill(name);
    },
    ended,
    errors: () => errors,
  };
};
