import { closeSync, existsSync, linkSync, openSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { resultCode } from "./store-failure.ts";

const BUSY = 5;

/** A lock of the operating system on a file of its own: the kernel drops it when the process dies, and only then. */
export interface OwnerLock {
  release(): void;
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

/**
 * Creates an empty file that only its user can read, unless it is there. It gets its name after it was closed: closing a descriptor
 * drops every POSIX lock that the process has on the file, also SQLite's in another thread.
 */
export const createPrivately = (path: string): void => {
  if (existsSync(path)) return;
  const draft = `${path}.new-${crypto.randomUUID()}`;
  closeSync(openSync(draft, "wx", 0o600));
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
};

/**
 * Takes the exclusive lock on a file, or answers undefined when another has it, in this process or in another one.
 *
 * It is SQLite's lock on an empty database: Node has no other, and SQLite knows about the descriptors it shares within a process,
 * where plain POSIX locks would be dropped by the first one closed.
 */
export const takeLock = (path: string, waitMs = 0): OwnerLock | undefined => {
  createPrivately(path);
  const db = new DatabaseSync(path);
  try {
    // A journal in memory: nothing is ever written, and no file beside this one is left by a kill.
    db.exec(`PRAGMA busy_timeout = ${waitMs}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
  } catch (error) {
    db.close();
    if (resultCode(error) === BUSY) return undefined;
    throw error;
  }
  return { release: () => db.close() };
};

/** The side file of an owner: the owner is dead when the lock on it is free. */
export const ownerFile = (path: string, producer: string): string => `${path}.owner-${producer}`;

/**
 * Whether an owner is dead. A side file that is not there counts as dead: the store was copied, or moved, without it. One that
 * cannot be opened counts as alive. To be called under the store's write lock, so that owners do not come and go meanwhile.
 */
export const isDead = (path: string, producer: string): boolean => {
  const file = ownerFile(path, producer);
  if (!existsSync(file)) return true;
  try {
    const lock = takeLock(file);
    lock?.release();
    return lock !== undefined;
  } catch {
    return false;
  }
};

export const removeOwnerFile = (path: string, producer: string): void =>
  rmSync(ownerFile(path, producer), { force: true });
