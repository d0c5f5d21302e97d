import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync as Database } from "node:sqlite";
import { MeterError } from "@meter-lib/core";
import { describeValue } from "@meter-lib/core/transport";
import { DatabaseSync } from "./node-sqlite.ts";

// "mrld": tells our files from others' (https://www.sqlite.org/pragma.html#pragma_application_id).
const APPLICATION_ID = 0x6d_72_6c_64;
const SCHEMA_VERSION = 2;

const SCHEMA = `
  CREATE TABLE tenant (
    id INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL UNIQUE,
    identities INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE holder (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE identity (
    tenant INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    note TEXT NOT NULL,
    holder INTEGER NOT NULL,
    owner TEXT,
    lease_until INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, event_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX identity_by_expiry ON identity (expires_at);
  CREATE TABLE total (identities INTEGER NOT NULL) STRICT;
  INSERT INTO total (identities) VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

const SQLITE_BUSY = 5;
const BUSY_WAIT_MS = 10;

/**
 * Opens or creates the file.
 *
 * @throws MeterError `invalid_options` if it cannot be opened, or is not a dedup store of this version
 */
export const openDedupFile = (path: string, busyTimeoutMs: number): Database => {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
    return connectWhenFree(path, busyTimeoutMs);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `path: expected a dedup store of this version, or a new file, got ${describeValue(path)} (${why})`;
    throw new MeterError("invalid_options", message, { cause: error });
  }
};

/** Retries the switch to WAL, which ignores SQLite's busy timeout, while others open the same new file. */
const connectWhenFree = (path: string, busyTimeoutMs: number): Database => {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; ; waitedMs += BUSY_WAIT_MS) {
    try {
      return connect(path, busyTimeoutMs);
    } catch (error) {
      if (!isBusy(error) || waitedMs >= busyTimeoutMs) throw error;
      Atomics.wait(pause, 0, 0, BUSY_WAIT_MS);
    }
  }
};

const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  "errcode" in error &&
  typeof error.errcode === "number" &&
  (error.errcode & 0xff) === SQLITE_BUSY;

const connect = (path: string, busyTimeoutMs: number): Database => {
  const db = new DatabaseSync(path);
  try {
    // FULL: what was answered is on the disk.
    db.exec(`
      PRAGMA busy_timeout = ${busyTimeoutMs};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA journal_size_limit = 16777216;
    `);
    prepareSchema(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

const prepareSchema = (db: Database): void => {
  db.exec("BEGIN IMMEDIATE");
  try {
    const applicationId = pragma(db, "application_id");
    const version = pragma(db, "user_version");
    const tables = db.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count;
    if (tables === 0) db.exec(SCHEMA);
    else if (applicationId !== APPLICATION_ID) throw new TypeError("it is somebody else's database");
    else if (version !== SCHEMA_VERSION) throw new TypeError(`its version is ${String(version)}`);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
};

const pragma = (db: Database, name: "application_id" | "user_version"): unknown =>
  db.prepare(`PRAGMA ${name}`).get()?.[name];
