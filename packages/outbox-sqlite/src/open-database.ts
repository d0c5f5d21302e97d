import { existsSync, lstatSync, mkdirSync, realpathSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync as Database } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { MeterError, TABLE_NAMES, type TableName } from "@meter-lib/core/store";
import { createPrivately, type FileLock, refuseLink, takeLock } from "./file-lock.ts";
import { DatabaseSync } from "./node-sqlite.ts";
import { DamageFound, isDamage, isNoDatabase } from "./sqlite-failure.ts";
import { VITAL } from "./table.ts";

/** "MLOB": distinguishes our files from other SQLite databases. */
const APPLICATION_ID = 0x4d_4c_4f_42;
/** The layout of the tables below; the log's rows have a layout of their own. */
const LAYOUT = 6;

/** Tables of large values: with a separate index of keys, rows are found and written faster. */
const LARGE: ReadonlySet<TableName> = new Set(["bodies", "ids", "deltas"]);

const SCHEMA = TABLE_NAMES.map((name) => {
  const form = LARGE.has(name) ? "" : " WITHOUT ROWID";
  return `CREATE TABLE ${name} (key TEXT PRIMARY KEY, value TEXT NOT NULL)${form};`;
}).join("\n");

/** Checked on each open: small, and required for everything. Damage elsewhere costs only the affected rows. */
const CHECKED: readonly TableName[] = [
  "meta",
  "owners",
  "segments",
  "held",
  "waiting",
  "letters",
  "deltas",
  "accounts",
  "sessions",
];

export interface OpenedDatabase {
  readonly db: Database;
  /** With symbolic links resolved: all who open the file must use the same side files. */
  readonly path: string;
  readonly warnings: readonly string[];
}

export interface OpenOptions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  /** Whether damage was found before: check the whole file. @default false */
  readonly isSuspect?: boolean;
}

/**
 * Opens the file, creates it if it does not exist, and sets a damaged one aside. Only one process at a time, or two could set aside what
 * the other has just created.
 */
export const openDatabase = (options: OpenOptions): OpenedDatabase => {
  mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
  const path = withoutLinks(options.path);
  for (const suffix of ["", "-wal", "-shm", ".lock"]) refuseLink(path + suffix);
  return whileNobodyOpens(path, options.busyTimeoutMs, (opening) => {
    try {
      refuseForeign(path);
    } catch (error) {
      opening.release("remove");
      throw error;
    }
    try {
      return { db: connect(path, options), path, warnings: [] };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      const aside = setAside(path, options.path, reason);
      const warning = `${path} is damaged (${reason}); it was set aside as ${aside}, and a new file was created`;
      return { db: connect(path, { ...options, isSuspect: false }), path, warnings: [warning] };
    }
  });
};

/** Runs what creates, locks or removes the file and its side files, in one process and one thread at a time. */
export const whileNobodyOpens = <Answer>(
  path: string,
  busyTimeoutMs: number,
  work: (opening: FileLock) => Answer,
): Answer => {
  const opening = takeLock(`${path}.lock`, busyTimeoutMs);
  if (opening === undefined)
    throw new MeterError("outbox_failed", `${path}: another process has been opening the file for too long`);
  try {
    return work(opening);
  } finally {
    opening.release();
  }
};

/** Opens an outbox for reading. Changes nothing, even while others use it. */
export const openReadOnly = (path: string): Database => {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new MeterError(
      "invalid_options",
      `${path} is a directory, expected an outbox or no file; nothing is changed`,
    );
  const url = pathToFileURL(path);
  // Without a WAL nobody uses it, and SQLite would leave an empty one behind.
  if (!existsSync(`${path}-wal`)) url.search = "immutable=1";
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    checkOurs(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

const withoutLinks = (path: string): string => {
  const named = join(realpathSync(dirname(path)), basename(path));
  return existsSync(named) ? realpathSync(named) : named;
};

/**
 * Before anything is written: a file that is not ours stays unchanged. Needs `whileNobodyOpens`: closing an immutable database drops the
 * locks that another thread of this process takes on it.
 */
const refuseForeign = (path: string): void => {
  if (!existsSync(path)) return;
  try {
    openReadOnly(path).close();
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
};

const pragma = (db: Database, name: string): unknown => db.prepare(`PRAGMA ${name}`).get()?.[name];

/** Throws unless the file is an outbox of this layout, or empty; returns whether it has a layout. Only reads. */
export const checkOurs = (db: Database, path: string): "ours" | "empty" => {
  let id: unknown;
  try {
    // Without it, SQLite does not report a truncated file.
    db.exec("PRAGMA writable_schema = ON");
    id = pragma(db, "application_id");
    db.exec("PRAGMA writable_schema = OFF");
  } catch (error) {
    if (!isNoDatabase(error)) throw error;
    throw new MeterError(
      "invalid_options",
      `${path} is not an SQLite database, expected an outbox or no file; nothing is changed`,
      { cause: error },
    );
  }
  if (id !== APPLICATION_ID) {
    const isEmpty = id === 0 && db.prepare("SELECT 1 FROM sqlite_schema").get() === undefined;
    if (isEmpty) return "empty";
    throw new MeterError(
      "invalid_options",
      `${path} is an SQLite database of something else, expected an outbox; nothing is changed`,
    );
  }
  const layout = pragma(db, "user_version");
  if (layout === LAYOUT) return "ours";
  throw new MeterError(
    "invalid_options",
    `${path} is an outbox of layout ${layout}, expected layout ${LAYOUT}: deliver what is in it with the version of meter-lib that wrote it; nothing is changed`,
  );
};

const connect = (path: string, { busyTimeoutMs, isSuspect = false }: OpenOptions): Database => {
  createPrivately(path);
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    const found = checkOurs(db, path);
    // FULL: each commit is on the disk before it is reported.
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = 16777216;
      PRAGMA cache_size = -16000;
    `);
    if (found === "empty")
      db.exec(`
        BEGIN IMMEDIATE;
        ${SCHEMA}
        PRAGMA application_id = ${APPLICATION_ID};
        PRAGMA user_version = ${LAYOUT};
        COMMIT;
      `);
    else checkTables(db, isSuspect);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

const checkTables = (db: Database, all: boolean): void => {
  for (const check of all ? ["1"] : CHECKED) {
    const found = db.prepare(`PRAGMA quick_check(${check})`).get()?.quick_check;
    if (found !== "ok") throw new DamageFound(String(found));
  }
  for (const table of VITAL) {
    const found = db.prepare(`SELECT key FROM ${table} WHERE NOT json_valid(value)`).get();
    if (found !== undefined) throw new DamageFound(`a row of ${table} is damaged`);
  }
};

/** Renames the file and its side files. Returns the new name. */
const setAside = (path: string, givenPath: string, reason: string): string => {
  if (lstatSync(givenPath).isSymbolicLink())
    throw new MeterError(
      "outbox_failed",
      `${path} is damaged (${reason}), but was not set aside, because ${givenPath} is a symbolic link to it: move it away`,
    );
  const aside = `${path}.corrupt-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
  // The WAL first: a new database must never find the WAL of the old one.
  for (const suffix of ["-wal", "", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
};
