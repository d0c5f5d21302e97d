import { TABLE_NAMES } from "@meter-lib/core/store";

/** The layout of the tables below. The log's rows have a layout of their own. */
export const LAYOUT = 1;

/** Quotes a name for SQL. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Quotes a text for SQL. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Returns the number of a lock by its name. */
export const lockKey = (name: string): string => `hashtextextended(${literal(`meter-lib ${name}`)}, 0)`;

/** The number of the lock that keeps transactions from ringing. */
export const bellKey = (schema: string): string => lockKey(`${schema} bell`);

/** Rows that come and go with every commit, a few at a time. */
const BUSY = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500";
const ROWS = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000";

/** Returns the statements that create the outbox's schema and tables, unless they exist. */
export const migrationSql = (schema = "meter_lib"): string => {
  const s = quoted(schema);
  const tables = TABLE_NAMES.filter((name) => name !== "arrivals").map(
    (name) => `CREATE TABLE IF NOT EXISTS ${s}.${name} (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
) WITH (${name === "meta" || name === "owners" || name === "accounts" ? BUSY : ROWS});`,
  );
  return `-- The outbox of meter-lib, layout ${LAYOUT}. Run by a user who may create a schema; see README.md for the rights of the others.
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(hashtextextended('meter-lib migrate', 0));

CREATE SCHEMA IF NOT EXISTS ${s};

-- One row: the layout, and how often an owner wrote.
CREATE TABLE IF NOT EXISTS ${s}.turns (
  layout integer NOT NULL,
  turn bigint NOT NULL
) WITH (${BUSY});
INSERT INTO ${s}.turns SELECT ${LAYOUT}, 0 WHERE NOT EXISTS (SELECT FROM ${s}.turns);

-- One row: which outbox this is. Never written again, so that transactions of any isolation level may read it.
CREATE TABLE IF NOT EXISTS ${s}.outbox (
  id uuid NOT NULL
);
INSERT INTO ${s}.outbox SELECT gen_random_uuid() WHERE NOT EXISTS (SELECT FROM ${s}.outbox);

-- Names the outbox. A copy of its database in the same server has another name.
CREATE OR REPLACE FUNCTION ${s}.place() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT id || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()) FROM ${s}.outbox
$$;

-- Events that came with transactions of the application. An owner takes them out, oldest first.
CREATE TABLE IF NOT EXISTS ${s}.arrivals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  arrived_at timestamptz NOT NULL DEFAULT now(),
  arrival json NOT NULL CHECK (json_typeof(arrival) = 'object')
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0.2);

-- Puts events, a JSON array of them, into the transaction of whoever calls it, and returns its number; does nothing and returns null in another
-- outbox than the expected one. A commit with a NOTIFY waits for every other one: of transactions at once only the first rings, and none while an
-- owner is awake. A function, because its plans are kept by the connection.
CREATE OR REPLACE FUNCTION ${s}.arrive(events text, expected text DEFAULT NULL) RETURNS xid8 LANGUAGE plpgsql AS $$
BEGIN
  IF expected <> ${s}.place() THEN
    RETURN NULL;
  END IF;
  INSERT INTO ${s}.arrivals (arrival) SELECT value FROM json_array_elements(events::json);
  IF pg_try_advisory_xact_lock(${bellKey(schema)}) THEN
    PERFORM pg_notify(${literal(schema)}, '');
  END IF;
  RETURN pg_current_xact_id();
END $$;

-- What the log keeps.
${tables.join("\n")}

-- What to watch.
CREATE OR REPLACE VIEW ${s}.lag AS
SELECT count(*) AS arrivals, coalesce(extract(epoch FROM now() - min(arrived_at)), 0) AS oldest_s FROM ${s}.arrivals;

COMMIT;
`;
};
