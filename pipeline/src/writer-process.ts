import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { WriterOptions } from "./writer.ts";

const WRITER = fileURLToPath(new URL("writer.ts", import.meta.url));

/** A writer as a process of its own, started again until it has delivered everything. */
export interface WriterProcess {
  readonly journal: string;
  /** How often it was killed in the middle. */
  readonly kills: number;
  /** SIGKILL; it is started again at once. */
  kill(): void;
  /** Resolves when it ended by itself, all delivered; rejects when it failed. */
  readonly done: Promise<void>;
}

export const startWriter = (
  folder: string,
  options: Omit<WriterOptions, "journal" | "outbox">,
): WriterProcess => {
  const journal = path.join(folder, `writer-${options.writer}.jsonl`);
  const outbox = path.join(folder, `writer-${options.writer}.db`);
  let child: ChildProcess | undefined;
  let kills = 0;

  const run = async (): Promise<void> => {
    for (;;) {
      child = spawn(
        process.execPath,
        ["--conditions=source", WRITER, JSON.stringify({ ...options, journal, outbox })],
        { stdio: ["ignore", "ignore", "inherit"] },
      );
      const [code, signal] = await once(child, "exit");
      if (code === 0) return;
      if (signal !== "SIGKILL") throw new Error(`writer ${options.writer} ended with ${code ?? signal}`);
      kills++;
    }
  };
  process.once("exit", () => child?.kill("SIGKILL"));
  return {
    journal,
    get kills() {
      return kills;
    },
    kill: () => {
      child?.kill("SIGKILL");
    },
    done: run(),
  };
};
