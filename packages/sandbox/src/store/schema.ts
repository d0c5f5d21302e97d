/** Kept in `PRAGMA user_version`. Raise it with every change below. */
export const SCHEMA_VERSION = 6;

/** Kept in `PRAGMA application_id` ("mtsb"), so that another program's file is not taken for ours. */
export const APPLICATION_ID = 0x6d747362;

/** What became of an event, as kept in `events.state`. Never change a number. */
export const STATES = ["accepted", "duplicate", "conflict", "refused", "replaced", "cancellation"] as const;

export type EventState = (typeof STATES)[number];

/** The numbers of {@link STATES}. */
export const ACCEPTED = 0;
export const DUPLICATE = 1;
export const CONFLICT = 2;
export const REFUSED = 3;
/** Taken, and counts no more, or never did: of its identity, a later revision is here. */
export const REPLACED = 4;
/** A correction that takes an event back. */
export const CANCELLATION = 5;

/** What is rolled up: usage by meter, and by the values of the meters' metadata, these by tenant and over all tenants. */
export type Rolled = "usage" | "label" | "label_all";

/** A rollup, by the hour or by the day. */
export type UsageTable = `${Rolled}_hours` | `${Rolled}_days`;

/** `at` is the start of the hour or of the day. */
const usageTable = (name: UsageTable): string => `
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

/**
 * - `names`: every tenant, customer, meter and producer once; the other tables hold its number
 * - `accounts`: who pays for a tenant; a former customer stays (`current = 0`), since events on the way still name it
 * - `requests`: what arrived, as received; `reason` says why it was refused
 * - `events`: the log, one row per event received; `counts` is 1 on the one row of an identity that was taken, and `corrects` is the
 *   id of the event that a correction corrects, with the number of its `revision`. The index
 *   starts with the id, because ids sort by time: it grows at its end whatever the tenant
 *   Those of tenant, meter and state go on with the number, so that the newest are found from their end; the columns behind
 *   it let a question with two filters pass over rows without looking them up
 * - `usage_hours`, `usage_days`: the rollups by hour and by day (UTC), kept up to date in the transaction that stores the
 *   events. The meter and the time come first: what a chart shows lies side by side
 * - `labels`: each value of each metadata key of a meter, up to a limit; `label_hours`, `label_days`: rollups in which its number
 *   stands for the meter; `label_all_hours`, `label_all_days`: the same over all tenants, in which tenant and customer are 0
 * - `refusal_hours`: refused events by the hour of their arrival; 0 stands for what the request did not name
 * - `api_keys`: keys made while it ran, as hashes; those of the options are in no table
 * - `revisions`: of each identity that was corrected the highest revision, and the event that counts for it, unless it is cancelled
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
  seq INTEGER,
  corrects TEXT,
  revision INTEGER
) STRICT;
CREATE UNIQUE INDEX events_identity ON events (event_id, tenant) WHERE counts = 1 AND event_id IS NOT NULL;
CREATE INDEX events_repeats ON events (event_id) WHERE counts IS NULL AND event_id IS NOT NULL;
CREATE INDEX events_corrections ON events (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX events_tenant ON events (tenant, id, meter, event_time);
CREATE INDEX events_meter ON events (meter, id, tenant);
CREATE INDEX events_not_counted ON events (state, id, tenant, meter) WHERE state <> ${ACCEPTED};

${usageTable("usage_hours")}
${usageTable("usage_days")}
${usageTable("label_hours")}
${usageTable("label_days")}
${usageTable("label_all_hours")}
${usageTable("label_all_days")}

CREATE TABLE labels (
  id INTEGER PRIMARY KEY,
  meter INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (meter, key, value)
) STRICT;

CREATE TABLE refusal_hours (
  at INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  customer INTEGER NOT NULL,
  meter INTEGER NOT NULL,
  events INTEGER NOT NULL,
  PRIMARY KEY (at, tenant, customer, meter)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  ending TEXT NOT NULL,
  added_at INTEGER NOT NULL
) STRICT;

CREATE TABLE revisions (
  event_id TEXT NOT NULL,
  tenant INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  event INTEGER,
  PRIMARY KEY (event_id, tenant)
) STRICT, WITHOUT ROWID;

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
CREATE INDEX boundaries_tenant ON boundaries (tenant, time);
CREATE INDEX boundaries_customer ON boundaries (customer, time);
CREATE INDEX boundaries_meter ON boundaries (meter, time);

CREATE TABLE seq_ranges (
  producer INTEGER NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  PRIMARY KEY (producer, first)
) STRICT, WITHOUT ROWID;

PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Tables that a reset empties. */
export const TABLES = [
  "names",
  "accounts",
  "requests",
  "events",
  "usage_hours",
  "usage_days",
  "labels",
  "label_hours",
  "label_days",
  "label_all_hours",
  "label_all_days",
  "refusal_hours",
  "revisions",
  "boundaries",
  "seq_ranges",
  "api_keys",
] as const;
