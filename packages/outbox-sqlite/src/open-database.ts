import { existsSync, lstatSync, mkdirSync, realpathSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { MeterError, TABLE_NAMES, type TableName } from "@meter-lib/core/store";
import { createPrivately, refuseLink, takeLock } from "./file-lock.ts";
import { DamageFound, isDamage, isNoDatabase } from "./sqlite-failure.ts";
import { VITAL } from "./table.ts";

/** "MLOB": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x4d_4c_4f_42;
/** Of the tables below; what the log keeps in them has a layout of its own. */
const LAYOUT = 6;

/** Tables of large values: rows beside an index of their keys are found and written faster. */
const LARGE: ReadonlySet<TableName> = new Set(["bodies", "ids", "deltas"]);

const SCHEMA = TABLE_NAMES.map((name) => {
  const form = LARGE.has(name) ? "" : " WITHOUT ROWID";
  return `CREATE TABLE ${name} (key TEXT PRIMARY KEY, value TEXT NOT NULL)${form};`;
}).join("\n");

/** What is checked each time: small, and nothing can be done without it. Damage elsewhere costs the rows that it is in. */
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
  readonly db: DatabaseSync;
  /** Without symbolic links: the side files of all who open it must be the same. */
  readonly path: string;
  readonly warnings: readonly string[];
}

export interface OpenOptions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  /** Damage was met before: the whole file is checked. @default false */
  readonly isSuspect?: boolean;
}

/**
 * Opens the file, creates it, and sets a damaged outbox aside. One at a time, over all processes: else two could set aside what the
 * other has just created.
 */
export const openDatabase = (options: OpenOptions): OpenedDatabase => {
  mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
  const path = withoutLinks(options.path);
  for (const suffix of ["", "-wal", "-shm", ".lock"]) refuseLink(path + suffix);
  refuseForeign(path);
  const opening = takeLock(`${path}.lock`, options.busyTimeoutMs);
  if (opening === undefined)
    throw new MeterError("outbox_failed", `${path}: another process is opening the file and does not end`);
  try {
    return { db: connect(path, options), path, warnings: [] };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const aside = setAside(path, options.path, reason);
    const warning = `${path} is damaged (${reason}); it was set aside as ${aside} and a new file begun`;
    return { db: connect(path, { ...options, isSuspect: false }), path, warnings: [warning] };
  } finally {
    opening.release();
  }
};

/** Opens an outbox to look into it. Nothing is changed or left behind, also while others work with it. */
export const openReadOnly = (path: string): DatabaseSync => {
  const url = pathToFileURL(path);
  // Without a log nobody works with it, and SQLite would leave an empty one behind.
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

/** Before anything is written, also beside it: what is not ours stays as it is. */
const refuseForeign = (path: string): void => {
  if (!existsSync(path)) return;
  try {
    openReadOnly(path).close();
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
};

const pragma = (db: DatabaseSync, name: string): unknown => db.prepare(`PRAGMA ${name}`).get()?.[name];

/** Throws unless the file is an outbox of this layout, or empty; whether it is. Only reads. */
export const checkOurs = (db: DatabaseSync, path: string): "ours" | "empty" => {
  let id: unknown;
  try {
    // Without it, SQLite says nothing of a file that is cut off.
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

const connect = (path: string, { busyTimeoutMs, isSuspect = false }: OpenOptions): DatabaseSync => {
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

const checkTables = (db: DatabaseSync, all: boolean): void => {
  for (const check of all ? ["1"] : CHECKED) {
    const found = db.prepare(`PRAGMA quick_check(${check})`).get()?.quick_check;
    if (found !== "ok") throw new DamageFound(String(found));
  }
  for (const table of VITAL) {
    const found = db.prepare(`SELECT key FROM ${table} WHERE NOT json_valid(value)`).get();
    if (found !== undefined) throw new DamageFound(`a row of ${table} is damaged`);
  }
};

/** Renames the file and its companions. Returns the new name. */
const setAside = (path: string, givenPath: string, reason: string): string => {
  if (lstatSync(givenPath).isSymbolicLink())
    throw new MeterError(
      "outbox_failed",
      `${path} is damaged (${reason}), and not set aside, because ${givenPath} is a symbolic link to it: move it away`,
    );
  const aside = `${path}.corrupt-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
  // The log first: a new database must never find the log of the old one.
  for (const suffix of ["-wal", "", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
};
