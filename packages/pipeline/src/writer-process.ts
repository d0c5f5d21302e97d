import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DEDUP_WINDOW_MS } from "./stack.ts";
import type { WriterOptions } from "./writer.ts";

const WRITER = fileURLToPath(new URL("writer.ts", import.meta.url));

/** A writer in its own process, restarted until it has delivered everything. */
export interface WriterProcess {
  readonly journal: string;
  /** How often it was killed. */
  readonly kills: number;
  /** Sends SIGKILL and starts it again at once. */
  kill(): void;
  /** Resolves when it has delivered everything; rejects if it failed. */
  readonly done: Promise<void>;
}

/** How many record at once. */
export const WRITERS = 3;

/** Starts all writers, each with its share of the events. */
export const startWriters = (folder: string, broker: string, events: number): readonly WriterProcess[] => {
  const share = Math.ceil(events / WRITERS);
  return Array.from({ length: WRITERS }, (_, writer) =>
    startWriter(folder, {
      writer,
      writers: WRITERS,
      events: Math.min(share, events - writer * share),
      brokers: [broker],
      dedupWindowMs: DEDUP_WINDOW_MS / 2,
    }),
  );
};

const startWriter = (folder: string, options: Omit<WriterOptions, "journal" | "outbox">): WriterProcess => {
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
