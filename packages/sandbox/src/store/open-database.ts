import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { MeterError } from "@meter-lib/core";
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from "./schema.ts";

const MEMORY = ":memory:";

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

const prepareSchema = (database: DatabaseSync, file: string): void => {
  const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()?.count;
  if (tables === 0) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    return;
  }
  if (pragma(database, "application_id") !== APPLICATION_ID) {
    throw new MeterError(
      "invalid_options",
      `file: expected a database of the sandbox or a new file, got ${file}`,
    );
  }
  const version = Number(pragma(database, "user_version"));
  if (version !== SCHEMA_VERSION) {
    throw new MeterError(
      "invalid_options",
      `file: expected schema version ${SCHEMA_VERSION}, got ${version} in ${file}: begin a new file`,
    );
  }
};

/**
 * Opens the sandbox's database, new or existing. In a file it is write-ahead logged and committed before every answer: killing
 * the process loses nothing answered, cutting the power may lose the last moments. One process at a time holds a file.
 */
export const openDatabase = (file: string | undefined): DatabaseSync => {
  const path = file ?? MEMORY;
  let database: DatabaseSync | undefined;
  try {
    // For its owner alone: it holds everything that clients sent. SQLite gives the files beside it the same mode.
    if (path !== MEMORY) closeSync(openSync(path, "a", 0o600));
    database = new DatabaseSync(path);
    // Exclusive: names are cached in memory, so a second writer would mix them up.
    if (path !== MEMORY) database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;");
    // Every batch writes the same pages of rollups and indexes anew: put into the file every 32 MiB, they are written once.
    if (path !== MEMORY) database.exec("PRAGMA wal_autocheckpoint = 8000;");
    database.exec("PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536;");
    prepareSchema(database, path);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof MeterError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new MeterError(
      "invalid_options",
      `file: expected a database that can be opened, got ${path} (${why})`,
      {
        cause: error,
      },
    );
  }
};
