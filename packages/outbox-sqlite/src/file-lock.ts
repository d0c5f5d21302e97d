import { closeSync, linkSync, lstatSync, openSync, rmSync, statSync } from "node:fs";
import type { DatabaseSync as Database } from "node:sqlite";
import { MeterError } from "@meter-lib/core/store";
import { DatabaseSync } from "./node-sqlite.ts";
import { BUSY, resultCode } from "./sqlite-failure.ts";

/** Identifies a file, to detect that another one has its name now; undefined if there is none. */
export const fileIdentity = (path: string): string | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && `${stat.dev} ${stat.ino} ${stat.birthtimeMs}`;
};

/** @throws MeterError `invalid_options` for a symbolic link: it may lead to another user's file. */
export const refuseLink = (path: string): void => {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  throw new MeterError("invalid_options", `${path} is a symbolic link, expected a file; nothing is changed`);
};

/**
 * Creates an empty file that only its user can read, unless it exists. It gets its name after it was closed: closing a descriptor drops
 * every POSIX lock of the process on the file, including SQLite's in another thread.
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

/** An operating-system lock on a file of its own: the kernel releases it when the process dies. */
export interface FileLock {
  /** False after its file was removed or replaced. Whoever presumes the lock free removes the file. */
  isHeld(): boolean;
  release(how?: "remove"): void;
}

/**
 * Takes the exclusive lock on a file. Undefined if it is taken, in this process or another.
 *
 * Uses SQLite's lock on an empty database: Node has no other, and SQLite handles descriptors shared within a process, where plain POSIX
 * locks are dropped by the first one closed.
 */
export const takeLock = (path: string, waitMs = 0): FileLock | undefined => {
  for (;;) {
    createPrivately(path);
    const identity = fileIdentity(path);
    const db = lockedDatabase(path, waitMs);
    if (db === undefined) return undefined;
    const isSame = () => identity !== undefined && fileIdentity(path) === identity;
    // The file may have been removed before it was locked.
    if (isSame()) return lockOn(path, db, isSame);
    db.close();
  }
};

const lockOn = (path: string, db: Database, isSame: () => boolean): FileLock => ({
  isHeld: () => db.isOpen && isSame(),
  release: (how) => {
    if (!db.isOpen) return;
    // Before the lock is free: whoever finds it free may be about to take it.
    if (how === "remove" && isSame()) rmSync(path, { force: true });
    db.close();
  },
});

const lockedDatabase = (path: string, waitMs: number): Database | undefined => {
  const db = new DatabaseSync(path);
  try {
    // A journal in memory: nothing is written, and a kill leaves no file behind.
    db.exec(`PRAGMA busy_timeout = ${waitMs}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
    return db;
  } catch (error) {
    db.close();
    if (resultCode(error) === BUSY) return undefined;
    throw error;
  }
};
