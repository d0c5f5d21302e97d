import { closeSync, linkSync, lstatSync, openSync, rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { MeterError } from "@meter-lib/core/store";
import { BUSY, resultCode } from "./sqlite-failure.ts";

/** Tells a file from another one that has its name now; undefined when there is none. */
export const fileIdentity = (path: string): string | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.dev} ${stat.ino} ${stat.birthtimeMs}`;
};

/** @throws MeterError `invalid_options` when it is a symbolic link: it may lead to a file of somebody else. */
export const refuseLink = (path: string): void => {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  throw new MeterError("invalid_options", `${path} is a symbolic link, expected a file; nothing is changed`);
};

/**
 * Creates an empty file that only its user can read, unless it is there. It gets its name after it was closed: closing a descriptor
 * drops every POSIX lock that the process has on the file, also SQLite's in another thread.
 */
export const createPrivately = (path: string): void => {
  refuseLink(path);
  if (fileIdentity(path) !== undefined) return;
  const draft = `${path}.new-${crypto.randomUUID()}`;
  closeSync(openSync(draft, "wx", 0o600));
  try {
    linkSync(draft, path);
  } catch (error) {
    if (fileIdentity(path) === undefined) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
};

/** A lock of the operating system on a file of its own: the kernel drops it when the process dies. */
export interface FileLock {
  /** False once its file was removed or replaced. Somebody who takes the lock for free removes it. */
  isHeld(): boolean;
  release(how?: "remove"): void;
}

/**
 * Takes the exclusive lock on a file. Undefined when another has it, in this process or in another one.
 *
 * It is SQLite's lock on an empty database: Node has no other, and SQLite knows about the descriptors it shares within a process,
 * where plain POSIX locks would be dropped by the first one closed.
 */
export const takeLock = (path: string, waitMs = 0): FileLock | undefined => {
  for (;;) {
    createPrivately(path);
    const identity = fileIdentity(path);
    const db = lockedDatabase(path, waitMs);
    if (db === undefined) return undefined;
    const isSame = () => identity !== undefined && fileIdentity(path) === identity;
    // Somebody may have removed the file before it was locked.
    if (isSame()) return lockOn(path, db, isSame);
    db.close();
  }
};

const lockOn = (path: string, db: DatabaseSync, isSame: () => boolean): FileLock => ({
  isHeld: () => db.isOpen && isSame(),
  release: (how) => {
    if (!db.isOpen) return;
    // Before the lock is free: whoever finds it free later may be about to take it.
    if (how === "remove" && isSame()) rmSync(path, { force: true });
    db.close();
  },
});

const lockedDatabase = (path: string, waitMs: number): DatabaseSync | undefined => {
  const db = new DatabaseSync(path);
  try {
    // A journal in memory: nothing is ever written, and no file beside this one is left by a kill.
    db.exec(`PRAGMA busy_timeout = ${waitMs}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
    return db;
  } catch (error) {
    db.close();
    if (resultCode(error) === BUSY) return undefined;
    throw error;
  }
};
