import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 100;
/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * Makes a file or a folder unless it is there. Of the processes that want something in the same folder, one makes and the others wait:
 * what is there is complete, also after a process that died while it made.
 * @param make - gets the path to write to
 */
export const makeOnce = async (target: string, make: (scratch: string) => Promise<void>): Promise<void> => {
  if (existsSync(target)) return;
  const folder = path.dirname(target);
  await mkdir(folder, { recursive: true });
  // A lock of SQLite is one of the system, which takes it back from a process that dies.
  const lock = new DatabaseSync(path.join(folder, "lock.db"));
  try {
    while (!takes(lock)) await sleep(LOOK_EVERY_MS);
    if (existsSync(target)) return;
    const scratch = `${target}.part`;
    await rm(scratch, { recursive: true, force: true });
    await make(scratch);
    await rename(scratch, target);
  } finally {
    lock.close();
  }
};

const takes = (lock: DatabaseSync): boolean => {
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
};
