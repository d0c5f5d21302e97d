-- The outbox of meter-lib, layout 1. Run by a user who may create a schema; see README.md for the rights of the others.
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(hashtextextended('meter-lib migrate', 0));

CREATE SCHEMA IF NOT EXISTS "meter_lib";

-- One row: the layout, and how often an owner wrote.
CREATE TABLE IF NOT EXISTS "meter_lib".turns (
  layout integer NOT NULL,
  turn bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
INSERT INTO "meter_lib".turns SELECT 1, 0 WHERE NOT EXISTS (SELECT FROM "meter_lib".turns);

-- One row: which outbox this is. Never written again, so that transactions of any isolation level may read it.
CREATE TABLE IF NOT EXISTS "meter_lib".outbox (
  id uuid NOT NULL
);
INSERT INTO "meter_lib".outbox SELECT gen_random_uuid() WHERE NOT EXISTS (SELECT FROM "meter_lib".outbox);

-- Names the outbox. A copy of its database in the same server has another name.
CREATE OR REPLACE FUNCTION "meter_lib".place() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT id || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()) FROM "meter_lib".outbox
$$;

-- Events that came with transactions of the application. An owner takes them out, oldest first.
CREATE TABLE IF NOT EXISTS "meter_lib".arrivals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  arrived_at timestamptz NOT NULL DEFAULT now(),
  arrival json NOT NULL CHECK (json_typeof(arrival) = 'object')
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0.2);

-- Puts events, a JSON array of them, into the transaction of whoever calls it, and returns its number; does nothing and returns null in another
-- outbox than the expected one. A commit with a NOTIFY waits for every other one: of transactions at once only the first rings, and none while an
-- owner is awake. A function, because its plans are kept by the connection.
CREATE OR REPLACE FUNCTION "meter_lib".arrive(events text, expected text DEFAULT NULL) RETURNS xid8 LANGUAGE plpgsql AS $$
BEGIN
  IF expected <> "meter_lib".place() THEN
    RETURN NULL;
  END IF;
  INSERT INTO "meter_lib".arrivals (arrival) SELECT value FROM json_array_elements(events::json);
  IF pg_try_advisory_xact_lock(hashtextextended('meter-lib meter_lib bell', 0)) THEN
    PERFORM pg_notify('meter_lib', '');
  END IF;
  RETURN pg_current_xact_id();
END $$;

-- What the log keeps.
CREATE TABLE IF NOT EXISTS "meter_lib".meta (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE TABLE IF NOT EXISTS "meter_lib".owners (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE TABLE IF NOT EXISTS "meter_lib".segments (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".bodies (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".held (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".waiting (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".letters (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".ids (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".ends (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".identities (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".revisions (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".deltas (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".accounts (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CREATE TABLE IF NOT EXISTS "meter_lib".ledger (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE TABLE IF NOT EXISTS "meter_lib".sessions (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- What to watch.
CREATE OR REPLACE VIEW "meter_lib".lag AS
SELECT count(*) AS arrivals, coalesce(extract(epoch FROM now() - min(arrived_at)), 0) AS oldest_s FROM "meter_lib".arrivals;

COMMIT;
