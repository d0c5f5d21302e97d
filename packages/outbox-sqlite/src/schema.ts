import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "./in-transaction.ts";
import { readNumber } from "./read-column.ts";
import { StoreFailure } from "./store-failure.ts";

/** One step of the schema. Steps are only ever added. */
export interface Migration {
  readonly sql: string;
  /** The oldest schema that a program must know to work on the file after this step. Stays as it was for an added column. */
  readonly compatibleSince: number;
}

/** "MLOB": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x4d_4c_4f_42;

/** The steps from an empty file to the present schema; the schema's version is how many there are. */
export const MIGRATIONS: readonly Migration[] = [
  {
    compatibleSince: 1,
    sql: `
      CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

      -- One row. Keys are never used again, so that a late answer cannot hit another event.
      CREATE TABLE totals (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        next_key INTEGER NOT NULL,
        pending_events INTEGER NOT NULL,
        pending_bytes INTEGER NOT NULL,
        tombstones INTEGER NOT NULL
      );
      INSERT INTO totals VALUES (1, 1, 0, 0, 0);

      -- Every outbox that was ever opened here. live: it holds the lock on its side file, or died holding it.
      CREATE TABLE producers (
        id INTEGER PRIMARY KEY,
        producer TEXT NOT NULL UNIQUE,
        last_seq INTEGER NOT NULL DEFAULT 0,
        live INTEGER NOT NULL
      );
      CREATE INDEX producers_live ON producers (id) WHERE live = 1;

      -- state: 0 pending, 1 inflight, 2 rejected, 3 quarantined; 4 acknowledged and 5 discarded are tombstones, without body.
      -- usage_time: when the event counts, by which the ledger's hours go; see usageTime in core.
      -- lane: 0 live, 1 backfill. Times are milliseconds since the epoch.
      CREATE TABLE events (
        key INTEGER PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        event_id TEXT NOT NULL,
        meter_id TEXT NOT NULL,
        usage_time INTEGER NOT NULL,
        total_usage INTEGER,
        bytes INTEGER NOT NULL,
        fingerprint INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        producer INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        state INTEGER NOT NULL DEFAULT 0,
        holder INTEGER,
        customer_id TEXT NOT NULL DEFAULT '',
        attempts INTEGER NOT NULL DEFAULT 0,
        first_sent_at INTEGER,
        ended_at INTEGER,
        status INTEGER,
        reason TEXT,
        body TEXT NOT NULL
      );
      CREATE UNIQUE INDEX events_identity ON events (tenant_id, event_id);
      CREATE INDEX events_unheld ON events (lane, tenant_id) WHERE holder IS NULL AND state = 0;
      CREATE INDEX events_held ON events (holder) WHERE holder IS NOT NULL;
      CREATE INDEX events_ended ON events (state, ended_at) WHERE ended_at IS NOT NULL;

      CREATE TABLE accounts (
        meter_id TEXT PRIMARY KEY,
        recorded INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL,
        pending INTEGER NOT NULL,
        rejected INTEGER NOT NULL,
        quarantined INTEGER NOT NULL,
        discarded INTEGER NOT NULL,
        lost INTEGER NOT NULL
      ) WITHOUT ROWID;

      -- Usage is REAL: a sum may leave the range of integers.
      CREATE TABLE ledger (
        hour INTEGER NOT NULL,
        tenant_id TEXT NOT NULL,
        meter_id TEXT NOT NULL,
        recorded INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL,
        recorded_usage REAL NOT NULL,
        acknowledged_usage REAL NOT NULL,
        PRIMARY KEY (hour, tenant_id, meter_id)
      ) WITHOUT ROWID;

      CREATE TABLE sessions (
        session_id TEXT PRIMARY KEY,
        tenant_id TEXT NOT NULL,
        device_id TEXT NOT NULL,
        meter_id TEXT NOT NULL,
        scope TEXT NOT NULL,
        start_event_id TEXT NOT NULL,
        end_event_id TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        checkpoint_at INTEGER NOT NULL,
        ended_at INTEGER
      ) WITHOUT ROWID;
      CREATE UNIQUE INDEX sessions_open ON sessions (scope) WHERE ended_at IS NULL;

      -- times: how often this owner opened the session and has not left it yet.
      CREATE TABLE session_holders (
        session_id TEXT NOT NULL,
        holder INTEGER NOT NULL,
        times INTEGER NOT NULL,
        PRIMARY KEY (session_id, holder)
      ) WITHOUT ROWID;
    `,
  },
  {
    compatibleSince: 1,
    sql: "ALTER TABLE sessions ADD COLUMN metadata TEXT",
  },
  {
    compatibleSince: 3,
    sql: `
      -- Events of one commit as one row: keys first_key, first_key + 1 …, numbers first_seq … of their owner, which also holds them.
      -- states: a character for each, see segment-table.ts. waiting and acknowledged: how many of those there are.
      -- min_id and max_id: no event_id is below or above. changed_at: when the last was acknowledged.
      CREATE TABLE segments (
        first_key INTEGER PRIMARY KEY,
        owner INTEGER NOT NULL,
        first_seq INTEGER NOT NULL,
        count INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        min_id TEXT NOT NULL,
        max_id TEXT NOT NULL,
        states BLOB NOT NULL,
        waiting INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL DEFAULT 0,
        changed_at INTEGER
      );
      -- Those in segments; tombstones has those in rows alone: a version that knows no segments prunes by it.
      ALTER TABLE totals ADD COLUMN segment_tombstones INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX segments_ids ON segments (max_id, min_id);
      CREATE INDEX segments_waiting ON segments (owner) WHERE waiting > 0;
      CREATE INDEX segments_ended ON segments (changed_at) WHERE waiting = 0;

      -- What the segment's events say, a line for each; see segment-lines.ts. The bodies go when none is waiting.
      CREATE TABLE segment_identities (first_key INTEGER PRIMARY KEY, sums TEXT NOT NULL, identities TEXT NOT NULL);
      CREATE TABLE segment_bodies (first_key INTEGER PRIMARY KEY, bodies TEXT NOT NULL);

      -- What was sent of a segment: [customer_id, attempts, first_sent_at, [place, …]] for each customer. A later one (by nr) counts.
      CREATE TABLE leases (
        segment INTEGER NOT NULL,
        nr INTEGER NOT NULL,
        deliveries TEXT NOT NULL,
        PRIMARY KEY (segment, nr)
      ) WITHOUT ROWID;
    `,
  },
];

const pragma = (db: DatabaseSync, name: string): number =>
  readNumber(db.prepare(`PRAGMA ${name}`).get(), name);

const compatibleSince = (db: DatabaseSync): number =>
  readNumber(db.prepare("SELECT value FROM meta WHERE name = 'compatible_since'").get(), "value");

/**
 * Throws unless the file is empty, ours of this schema or an older one, or of a newer one whose writer says that this version may
 * use it. Only reads.
 */
export const checkSchema = (db: DatabaseSync, migrations: readonly Migration[] = MIGRATIONS): void => {
  const version = pragma(db, "user_version");
  const isEmpty =
    readNumber(db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get(), "tables") === 0;
  if (version === 0 ? !isEmpty : pragma(db, "application_id") !== APPLICATION_ID) {
    throw new StoreFailure("foreign", "the file is an SQLite database of something else");
  }
  if (version <= migrations.length) return;
  const since = compatibleSince(db);
  if (since <= migrations.length) return;
  throw new StoreFailure(
    "foreign",
    `the file was written by a newer version (schema ${version}, for versions that know schema ${since}; this one knows ${migrations.length})`,
  );
};

/** Brings a file to the present schema, all steps or none. A newer one stays as it is. */
export const migrate = (db: DatabaseSync, migrations: readonly Migration[] = MIGRATIONS): void =>
  inTransaction(db, () => {
    const version = pragma(db, "user_version");
    if (version >= migrations.length) return;
    for (const migration of migrations.slice(version)) {
      db.exec(migration.sql);
      db.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('compatible_since', ?)").run(
        migration.compatibleSince,
      );
    }
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`);
  });
