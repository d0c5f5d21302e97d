-- A file as schema 1 wrote it: what it contains must stay readable for ever. Never change this file.
PRAGMA journal_mode = WAL;
PRAGMA application_id = 1296846658;
PRAGMA user_version = 1;

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

INSERT INTO meta VALUES ('compatible_since', 1);
UPDATE totals SET next_key = 5, pending_events = 2, pending_bytes = 451, tombstones = 1;
INSERT INTO producers VALUES (1, '6f2c1b1e-0000-4000-8000-000000000001', 4, 1);
INSERT INTO events (key, tenant_id, event_id, meter_id, usage_time, total_usage, bytes, fingerprint, lane, producer, seq,
                    recorded_at, state, holder, customer_id, attempts, first_sent_at, ended_at, status, reason, body)
VALUES
  (1, 'tenant-1', 'waiting', 'a meter no catalog has any more', 1768473000000, NULL, 220, 1, 0, 1, 1,
   1768473000000, 0, 1, '', 0, NULL, NULL, NULL, NULL,
   '{"device_id":"device-1","type":"performance","start_time":1768473000000}'),
  (2, 'tenant-1', 'on the way', 'api_calls', 1768473000000, 3, 231, 2, 0, 1, 2,
   1768473000000, 1, 1, 'customer-1', 2, 1768473009000, NULL, NULL, NULL,
   '{"device_id":"device-1","type":"volume","metadata":{"region":"eu"}}'),
  (3, 'tenant-1', 'refused', 'api_calls', 1768473000000, 3, 200, 3, 0, 1, 3,
   1768473000000, 2, NULL, 'customer-1', 1, 1768473009000, 1768473010000, 422, 'no such device',
   '{"device_id":"device-1","type":"volume"}'),
  (4, 'tenant-1', 'done', 'api_calls', 1768473000000, 3, 200, 4, 0, 1, 4,
   1768473000000, 4, NULL, 'customer-1', 1, 1768473009000, 1768473010000, NULL, NULL, '');
INSERT INTO accounts VALUES
  ('a meter no catalog has any more', 1, 0, 1, 0, 0, 0, 0),
  ('api_calls', 3, 1, 1, 1, 0, 0, 0);
INSERT INTO ledger VALUES
  (1768471200000, 'tenant-1', 'a meter no catalog has any more', 1, 0, 0, 0),
  (1768471200000, 'tenant-1', 'api_calls', 3, 1, 9, 3);
