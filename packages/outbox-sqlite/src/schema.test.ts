import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { append, claimIds, commit, event } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { MIGRATIONS, migrate } from "./schema.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const VERSION = MIGRATIONS.length;
const withColumn = {
  compatibleSince: VERSION,
  sql: "ALTER TABLE events ADD COLUMN colour TEXT DEFAULT 'red'",
};
const withoutUsage = { compatibleSince: VERSION + 1, sql: "ALTER TABLE events DROP COLUMN total_usage" };

const write = (path: string, work: (db: DatabaseSync) => void): void => {
  const db = new DatabaseSync(path);
  work(db);
  db.close();
};

test("a file that schema 1 wrote is read, and brought to the present schema", async () => {
  using place = storeFolder();
  write(place.path, (db) => db.exec(readFileSync(new URL("../test/schema-1.sql", import.meta.url), "utf8")));
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  expect(await outbox.open()).toMatchObject({ pendingEvents: 2, pendingBytes: 451, warnings: [] });
  expect(await outbox.accounts()).toMatchObject({ recorded: 4, acknowledged: 1, pending: 2, rejected: 1 });
  const { events } = await outbox.claim({ now: 1, maxEvents: 10, maxBytes: 10_000, skipTenants: [] });
  expect(events).toMatchObject([
    {
      event_id: "waiting",
      meter_id: "a meter no catalog has any more",
      type: "performance",
      total_usage: undefined,
      start_time: 1_768_473_000_000,
      producer: "6f2c1b1e-0000-4000-8000-000000000001",
      seq: 1,
    },
    {
      event_id: "on the way",
      attempts: 2,
      firstSentAt: 1_768_473_009_000,
      customer_id: "customer-1",
      metadata: { region: "eu" },
    },
  ]);
  const sent = event("done", { event_time: 1_768_473_000_000 });
  expect((await append(outbox, [sent])).appended).toEqual([{ state: "conflict" }]);
  await outbox.close();
});

describe("a file of a newer version", () => {
  test("is used when it says that this version may; its additions stay", async () => {
    using place = storeFolder();
    write(place.path, (db) => {
      migrate(db, [...MIGRATIONS, withColumn]);
    });
    const outbox = sqliteOutbox({ path: place.path, thread: "main" });
    await outbox.open();
    const [first, second] = [event("first"), event("second")];
    await append(outbox, [first, second]);
    first.attempts = 1;
    await commit(outbox, { lease: [first] });
    await commit(outbox, { release: [first] });
    await outbox.close();
    write(place.path, (db) => {
      expect(db.prepare("SELECT DISTINCT colour FROM events").all()).toEqual([{ colour: "red" }]);
      expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: VERSION + 1 });
      migrate(db, [...MIGRATIONS, withColumn]);
    });
  });

  test("is refused when it does not, and is left as it is", async () => {
    using place = storeFolder();
    write(place.path, (db) => migrate(db, [...MIGRATIONS, withColumn, withoutUsage]));
    const before = readFileSync(place.path);
    const outbox = sqliteOutbox({ path: place.path, thread: "main" });
    await expect(outbox.open()).rejects.toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(
        `newer version (schema ${VERSION + 2}, for versions that know schema ${VERSION + 1}`,
      ),
    });
    expect(readFileSync(place.path).equals(before)).toBe(true);
  });
});

test("an older file gets what it lacks, and keeps its rows", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  await outbox.open();
  await append(outbox, [event("kept")]);
  await outbox.close();
  write(place.path, (db) => {
    migrate(db, [...MIGRATIONS, withColumn]);
    expect(db.prepare("SELECT event_id, colour FROM events").all()).toEqual([
      { event_id: "kept", colour: "red" },
    ]);
  });
});

test("a step that fails leaves the file at the schema it had", async () => {
  using place = storeFolder();
  write(place.path, (db) => {
    migrate(db);
    expect(() => migrate(db, [...MIGRATIONS, withColumn, { compatibleSince: 1, sql: "NOT SQL" }])).toThrow(
      "syntax error",
    );
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: VERSION });
    expect(() => db.prepare("SELECT colour FROM events")).toThrow("no such column");
  });
});

test("fields that another version wrote into an event are ignored and kept", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  await outbox.open();
  const held = event("newer");
  await append(outbox, [held]);
  write(place.path, (db) =>
    db.exec(
      `UPDATE events SET body = '{"device_id":"device-1","type":"gauge","colour":"red","metadata":{"a":"b","n":1}}'`,
    ),
  );
  await commit(outbox, { lease: [held] });
  await commit(outbox, { release: [held] });
  await commit(outbox, { unhold: [held] });
  const [row] = await outbox.list({});
  expect(row?.event).toMatchObject({ device_id: "device-1", type: "volume", metadata: { a: "b" } });
  expect(await claimIds(outbox)).toEqual(["newer"]);
  write(place.path, (db) =>
    expect(db.prepare("SELECT body ->> 'colour' AS colour FROM events").get()).toEqual({ colour: "red" }),
  );
  await outbox.close();
});
