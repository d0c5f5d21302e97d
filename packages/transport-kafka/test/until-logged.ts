import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 50;
const SHOWN_CHARS = 4_000;

/** Resolves when a process has written certain words to its log; rejects with the end of the log when it ends before. */
export const untilLogged = async (child: ChildProcess, file: string, words: string): Promise<void> => {
  for (;;) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    const log = await readFile(file, "utf8");
    if (log.includes(words)) return;
    if (hasEnded)
      throw new Error(`${child.spawnargs[0]} ended before "${words}":\n${log.slice(-SHOWN_CHARS)}`);
    await sleep(LOOK_EVERY_MS);
  }
};
