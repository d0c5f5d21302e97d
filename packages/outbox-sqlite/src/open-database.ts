import { existsSync, mkdirSync, realpathSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createPrivately, takeLock } from "./owner-lock.ts";
import { readText } from "./read-column.ts";
import { checkSchema, migrate } from "./schema.ts";
import { StoreFailure, storeFailure } from "./store-failure.ts";

export interface OpenedDatabase {
  readonly db: DatabaseSync;
  /** Without symbolic links: the side files of all who open it must be the same. */
  readonly path: string;
  readonly warnings: readonly string[];
}

/**
 * Opens the store, creates it, brings it to the present schema, and sets a damaged one aside. One at a time, over all processes:
 * else two could set aside what the other has just created.
 */
export const openDatabase = (givenPath: string, busyTimeoutMs: number): OpenedDatabase => {
  mkdirSync(dirname(givenPath), { recursive: true, mode: 0o700 });
  const folder = realpathSync(dirname(givenPath));
  const named = join(folder, basename(givenPath));
  const path = existsSync(named) ? realpathSync(named) : named;
  const opening = takeLock(`${path}.lock`, busyTimeoutMs);
  if (opening === undefined)
    throw new StoreFailure("busy", "another process is opening the file and does not end");
  try {
    try {
      return { db: connect(path, busyTimeoutMs), path, warnings: [] };
    } catch (error) {
      if (storeFailure(error).kind !== "corrupt") throw error;
      const aside = setAside(path);
      const warning = `${path} is damaged (${storeFailure(error).message}); it was set aside as ${aside} and a new file begun`;
      return { db: connect(path, busyTimeoutMs), path, warnings: [warning] };
    }
  } finally {
    opening.release();
  }
};

const connect = (path: string, busyTimeoutMs: number): DatabaseSync => {
  createPrivately(path);
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    // Before anything is written: what is not ours stays as it is.
    checkSchema(db);
    // FULL: each commit is on the disk before it is reported.
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = 16777216;
      PRAGMA cache_size = -16000;
    `);
    const found = readText(db.prepare("PRAGMA quick_check(1)").get(), "quick_check");
    if (found !== "ok") throw new StoreFailure("corrupt", found);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Renames the file and its companions. Answers the new name. */
const setAside = (path: string): string => {
  const aside = `${path}.corrupt-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
  // The log first: a new database must never find the log of the old one.
  for (const suffix of ["-wal", "", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
};
