import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

/** The source of the program. */
export const SOURCE = fileURLToPath(new URL("../main.ts", import.meta.url));

/** How the command ended. */
export interface Ended {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `meter` as a child process. */
export interface MeterProcess {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** The first line of standard output; undefined if the command ended without one. */
  readonly firstLine: Promise<string | undefined>;
  /** Resolves when standard error contains this text. */
  errorText(part: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

export interface MeterOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another program than the source. Its packages are always loaded from source. */
  readonly program?: string;
}

/** Starts the command without the environment variables that it reads. */
export const startMeter = (
  args: readonly string[],
  { env = {}, cwd = process.cwd(), program = SOURCE }: MeterOptions = {},
): MeterProcess => {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith("METER_LIB_") && name !== "NO_COLOR" && name !== "FORCE_COLOR",
    ),
  );
  const child = spawn(process.execPath, ["--conditions=source", program, ...args], {
    cwd,
    env: { ...clean, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
    });
  }
  const ended = once(child, "close").then(() => ({
    exit: child.exitCode,
    signal: child.signalCode,
    ...text,
  }));
  const lines = createInterface({ input: child.stdout });
  const firstLine = Promise.race([
    once(lines, "line").then(([line]) => String(line)),
    ended.then(() => undefined),
  ]);
  const errorText = async (part: string): Promise<void> => {
    while (!text.stderr.includes(part)) await once(child.stderr, "data");
  };
  return { child, firstLine, errorText, ended };
};

/** Runs the command to its end. */
export const meter = (args: readonly string[], options: MeterOptions = {}): Promise<Ended> =>
  startMeter(args, options).ended;
