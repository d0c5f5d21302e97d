/** Kept in `PRAGMA user_version`. Raise it with every change below. */
export const SCHEMA_VERSION = 2;

/** Kept in `PRAGMA application_id` ("mtsb"), so that another program's file is not taken for ours. */
export const APPLICATION_ID = 0x6d747362;

/** What became of an event, as kept in `events.state`. Never change a number. */
export const STATES = ["accepted", "duplicate", "conflict", "refused"] as const;

export type EventState = (typeof STATES)[number];

/** The numbers of {@link STATES}. */
export const ACCEPTED = 0;
export const DUPLICATE = 1;
export const CONFLICT = 2;
export const REFUSED = 3;

/** A rollup; `at` is the start of the hour or of the day. */
const usageTable = (name: "usage_hours" | "usage_days"): string => `
CREATE TABLE ${name} (
  meter INTEGER NOT NULL,
  at INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  customer INTEGER NOT NULL,
  events INTEGER NOT NULL,
  duplicates INTEGER NOT NULL,
  conflicts INTEGER NOT NULL,
  late INTEGER NOT NULL,
  total REAL NOT NULL,
  peak REAL,
  level REAL,
  level_time INTEGER,
  duration REAL NOT NULL,
  PRIMARY KEY (meter, at, tenant, customer)
) STRICT, WITHOUT ROWID;`;

const API_KEYS = `
CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  ending TEXT NOT NULL,
  added_at INTEGER NOT NULL
) STRICT;`;

const EVENT_INDEXES = `
CREATE INDEX events_tenant ON events (tenant, id, meter, event_time);
CREATE INDEX events_meter ON events (meter, id, tenant);
CREATE INDEX events_not_counted ON events (state, id, tenant, meter) WHERE state <> ${ACCEPTED};`;

/**
 * - `names`: every tenant, customer, meter and producer once; the other tables hold its number
 * - `accounts`: who pays for a tenant; a former customer stays (`current = 0`), since events on the way still name it
 * - `requests`: what arrived, as received; `reason` says why it was refused
 * - `events`: the log, one row per event received; `counts` is 1 on the one row of an identity that counts. The index
 *   starts with the id, because ids sort by time: it grows at its end whatever the tenant
 *   Those of tenant, meter and state go on with the number, so that the newest are found from their end; the columns behind
 *   it let a question with two filters pass over rows without looking them up
 * - `usage_hours`, `usage_days`: the rollups by hour and by day (UTC), kept up to date in the transaction that stores the
 *   events. The meter and the time come first: what a chart shows lies side by side
 * - `api_keys`: keys made while it ran, as hashes; those of the options are in no table
 * - `boundaries`: starts and ends of sessions, in order, to pair them
 * - `seq_ranges`: which sequence numbers of a producer arrived, as ranges
 */
export const SCHEMA = `
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE accounts (
  tenant INTEGER NOT NULL,
  customer INTEGER NOT NULL,
  current INTEGER NOT NULL,
  PRIMARY KEY (tenant, customer)
) STRICT;

CREATE TABLE requests (
  id INTEGER PRIMARY KEY,
  received_at INTEGER NOT NULL,
  dialect TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  headers TEXT NOT NULL,
  body TEXT,
  status INTEGER,
  reason TEXT
) STRICT;
CREATE INDEX requests_refused ON requests (id) WHERE reason IS NOT NULL;

CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  request INTEGER NOT NULL,
  position INTEGER NOT NULL,
  state INTEGER NOT NULL,
  counts INTEGER,
  late INTEGER NOT NULL,
  tenant INTEGER,
  customer INTEGER,
  meter INTEGER,
  event_id TEXT,
  event_time INTEGER,
  total_usage INTEGER,
  start_time INTEGER,
  end_time INTEGER,
  producer INTEGER,
  seq INTEGER
) STRICT;
CREATE UNIQUE INDEX events_identity ON events (event_id, tenant) WHERE counts = 1 AND event_id IS NOT NULL;
CREATE INDEX events_repeats ON events (event_id) WHERE counts IS NULL AND event_id IS NOT NULL;
${EVENT_INDEXES}
${usageTable("usage_hours")}
${usageTable("usage_days")}
${API_KEYS}

CREATE TABLE boundaries (
  session TEXT NOT NULL,
  time INTEGER NOT NULL,
  side INTEGER NOT NULL,
  event INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  customer INTEGER NOT NULL,
  meter INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  PRIMARY KEY (session, time, side, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE seq_ranges (
  producer INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (producer, first)
) STRICT, WITHOUT ROWID;

PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

const SUMS = "events, duplicates, conflicts, late, total, peak, level, level_time, duration";
const DAY_MS = 86_400_000;

/** The steps from the version of their place to the next one: the first from 1 to 2. */
export const MIGRATIONS: readonly string[] = [
  `
ALTER TABLE usage_hours RENAME TO usage_hours_1;
${usageTable("usage_hours")}
INSERT INTO usage_hours (meter, at, tenant, customer, ${SUMS})
  SELECT meter, hour, tenant, customer, ${SUMS} FROM usage_hours_1 ORDER BY meter, hour, tenant, customer;
DROP TABLE usage_hours_1;
${usageTable("usage_days")}
INSERT INTO usage_days (meter, at, tenant, customer, ${SUMS})
  SELECT meter, at - at % ${DAY_MS}, tenant, customer, sum(events), sum(duplicates), sum(conflicts), sum(late), sum(total),
    -- With one max(), SQLite takes the level from the row that holds it; the peak comes from below.
    NULL, level, max(level_time), sum(duration)
  FROM usage_hours GROUP BY meter, at - at % ${DAY_MS}, tenant, customer;
UPDATE usage_days AS d SET peak = (
  SELECT max(h.peak) FROM usage_hours h
  WHERE h.meter = d.meter AND h.at >= d.at AND h.at < d.at + ${DAY_MS} AND h.tenant = d.tenant AND h.customer = d.customer);
${API_KEYS}
${EVENT_INDEXES}
`,
];

/** Tables that a reset empties. */
export const TABLES = [
  "names",
  "accounts",
  "requests",
  "events",
  "usage_hours",
  "usage_days",
  "boundaries",
  "seq_ranges",
  "api_keys",
] as const;
