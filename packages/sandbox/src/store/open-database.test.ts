import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSandbox } from "../sandbox.ts";
import { getJson, postEvent } from "../testing/post-events.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);

/** As the first version wrote it. */
const SCHEMA_1 = `
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE accounts (tenant INTEGER NOT NULL, customer INTEGER NOT NULL, current INTEGER NOT NULL,
  PRIMARY KEY (tenant, customer)) STRICT;
CREATE TABLE requests (id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, dialect TEXT NOT NULL, method TEXT NOT NULL,
  path TEXT NOT NULL, headers TEXT NOT NULL, body TEXT, status INTEGER, reason TEXT) STRICT;
CREATE INDEX requests_refused ON requests (id) WHERE reason IS NOT NULL;
CREATE TABLE events (id INTEGER PRIMARY KEY, request INTEGER NOT NULL, position INTEGER NOT NULL, state INTEGER NOT NULL,
  counts INTEGER, late INTEGER NOT NULL, tenant INTEGER, customer INTEGER, meter INTEGER, event_id TEXT, event_time INTEGER,
  total_usage INTEGER, start_time INTEGER, end_time INTEGER, producer INTEGER, seq INTEGER) STRICT;
CREATE UNIQUE INDEX events_identity ON events (event_id, tenant) WHERE counts = 1 AND event_id IS NOT NULL;
CREATE INDEX events_repeats ON events (event_id) WHERE counts IS NULL AND event_id IS NOT NULL;
CREATE TABLE usage_hours (tenant INTEGER NOT NULL, customer INTEGER NOT NULL, meter INTEGER NOT NULL, hour INTEGER NOT NULL,
  events INTEGER NOT NULL, duplicates INTEGER NOT NULL, conflicts INTEGER NOT NULL, late INTEGER NOT NULL, total REAL NOT NULL,
  peak REAL, level REAL, level_time INTEGER, duration REAL NOT NULL,
  PRIMARY KEY (tenant, customer, meter, hour)) STRICT, WITHOUT ROWID;
CREATE TABLE boundaries (session TEXT NOT NULL, time INTEGER NOT NULL, side INTEGER NOT NULL, event INTEGER NOT NULL,
  tenant INTEGER NOT NULL, customer INTEGER NOT NULL, meter INTEGER NOT NULL, hour INTEGER NOT NULL,
  PRIMARY KEY (session, time, side, event)) STRICT, WITHOUT ROWID;
CREATE TABLE seq_ranges (producer INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY (producer, first)) STRICT, WITHOUT ROWID;
PRAGMA application_id = 0x6d747362;
PRAGMA user_version = 1;`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandbox-schema-"));
});
afterEach(() => rm(folder, { recursive: true }));

const writeFirstVersion = (file: string): void => {
  const database = new DatabaseSync(file);
  database.exec(SCHEMA_1);
  database.exec(`
    INSERT INTO names VALUES (1, 'tenant_123'), (2, 'cust_001'), (3, 'page.processed.basic'), (4, 'document.storage.size_gb'),
      (5, 'highest');
    INSERT INTO accounts VALUES (1, 2, 1);
    INSERT INTO requests VALUES (1, ${NOON}, 'events', 'POST', '/api/v1/events', '{}', '{}', NULL, NULL);
    INSERT INTO events (id, request, position, state, counts, late, tenant, customer, meter, event_id, event_time, total_usage)
      VALUES (1, 1, 0, 0, 1, 0, 1, 2, 3, 'e1', ${NOON}, 24);
    INSERT INTO usage_hours VALUES
      (1, 2, 3, ${NOON}, 2, 1, 0, 0, 30, 24, 6, ${NOON + 5}, 0),
      (1, 2, 3, ${NOON + HOUR}, 1, 0, 1, 1, 4, 4, 4, ${NOON + HOUR}, 500),
      (1, 2, 3, ${NOON + 24 * HOUR}, 1, 0, 0, 0, 8, 8, 8, ${NOON + 24 * HOUR}, 0),
      (1, 2, 4, ${NOON}, 1, 0, 0, 0, 70, 70, 70, ${NOON}, 0),
      (1, 2, 4, ${NOON + HOUR}, 1, 0, 0, 0, 50, 50, 50, ${NOON + HOUR}, 0),
      (1, 2, 5, ${NOON}, 1, 0, 0, 0, 9, 9, 9, ${NOON}, 0),
      (1, 2, 5, ${NOON + HOUR}, 1, 0, 0, 0, 3, 3, 3, ${NOON + HOUR}, 0);`);
  database.close();
};

test("a file of the first version is brought up to this one and says the same", async () => {
  const file = join(folder, "first.db");
  writeFirstVersion(file);
  const options = {
    file,
    catalog: {
      "page.processed.basic": { type: "volume" },
      "document.storage.size_gb": { type: "volume", aggregation: "last" },
      highest: { type: "volume", aggregation: "max" },
    },
  } as const;
  const expected = [
    {
      meter_id: "page.processed.basic",
      total_usage: 42,
      events: 4,
      duplicates: 1,
      conflicts: 1,
      late: 1,
      duration_ms: 500,
    },
    { meter_id: "document.storage.size_gb", total_usage: 50, events: 2 },
    { meter_id: "highest", total_usage: 9, events: 2 },
  ];
  {
    await using sandbox = await createSandbox(options);
    expect(sandbox.usage()).toMatchObject(expected);
    expect(sandbox.usage({ by: "hour", meter_id: "highest" })).toMatchObject([
      { hour: NOON, total_usage: 9 },
      { hour: NOON + HOUR, total_usage: 3 },
    ]);
    const day = await getJson(sandbox.url, "/sandbox/v1/usage/series?meter_id=page.processed.basic&by=day");
    expect(day).toMatchObject({
      series: [
        {
          points: [
            { at: "2026-11-22", total_usage: 34 },
            { at: "2026-11-23", total_usage: 8 },
          ],
        },
      ],
    });
    expect(await getJson(sandbox.url, "/sandbox/v1/events?tenant_id=tenant_123")).toMatchObject({
      events: [{ id: 1, event_id: "e1" }],
    });
    await postEvent(sandbox.url);
  }
  await using again = await createSandbox(options);
  expect(again.usage({ meter_id: "page.processed.basic" })).toMatchObject([{ total_usage: 66, events: 5 }]);
});

test("a file that cannot be brought up stays as it was", async () => {
  const file = join(folder, "odd.db");
  writeFirstVersion(file);
  const before = new DatabaseSync(file);
  before.exec("CREATE TABLE api_keys (theirs TEXT)");
  before.close();
  await expect(createSandbox({ file })).rejects.toMatchObject({
    message: expect.stringContaining("api_keys"),
  });
  const after = new DatabaseSync(file);
  expect(after.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
  expect(after.prepare("SELECT sum(total) AS total FROM usage_hours").get()).toEqual({ total: 174 });
  after.close();
});
