import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { claimIds, commit, event, events, newEvents } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const opened = async (path: string) => {
  const outbox = sqliteOutbox({ path, thread: "main" });
  await outbox.open();
  return outbox;
};

/** How many rows the tables of segments have. */
const rowsIn = (path: string) => {
  const db = new DatabaseSync(path, { readOnly: true });
  const count = (table: string) => Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
  const counts = {
    events: count("events"),
    segments: count("segments"),
    identities: count("segment_identities"),
    bodies: count("segment_bodies"),
    leases: count("leases"),
  };
  db.close();
  return counts;
};

test("new events of one commit, held by who recorded them, are one row; when all are acknowledged, their identities alone", async () => {
  using place = storeFolder();
  const outbox = await opened(place.path);
  const recorded = newEvents(20);
  await commit(outbox, { append: recorded.map((event) => ({ event, hold: true })) });
  expect(rowsIn(place.path)).toEqual({ events: 0, segments: 1, identities: 1, bodies: 1, leases: 0 });
  await commit(outbox, { lease: recorded.slice(0, 12) });
  await commit(outbox, { lease: recorded.slice(12), acknowledge: recorded.slice(0, 12) });
  expect(rowsIn(place.path)).toEqual({ events: 0, segments: 1, identities: 1, bodies: 1, leases: 2 });
  await commit(outbox, { acknowledge: recorded.slice(12) });
  expect(rowsIn(place.path)).toEqual({ events: 0, segments: 1, identities: 1, bodies: 0, leases: 0 });
  await outbox.close();
});

test("events that wait long after the others of their segment become rows, so that the others can be forgotten", async () => {
  using place = storeFolder();
  const outbox = await opened(place.path);
  const recorded = newEvents(20);
  const last = recorded.slice(19);
  await commit(outbox, { append: recorded.map((event) => ({ event, hold: true })) }, 1_000_000);
  await commit(outbox, { lease: last }, 1_000_000);
  await commit(outbox, { acknowledge: recorded.slice(0, 19) }, 1_000_000);
  await commit(outbox, {}, 1_060_000);
  expect(rowsIn(place.path)).toMatchObject({ events: 0, bodies: 1 });
  await commit(outbox, {}, 1_060_001);
  expect(rowsIn(place.path)).toEqual({ events: 1, segments: 1, identities: 1, bodies: 0, leases: 0 });
  await commit(outbox, { acknowledge: last });
  expect(await outbox.accounts()).toMatchObject({ recorded: 20, acknowledged: 20, pending: 0 });
  await outbox.close();
});

test("what one event of a segment makes out of the ordinary leaves nothing of the segment but tombstones", async () => {
  using place = storeFolder();
  const outbox = await opened(place.path);
  const recorded = newEvents(20);
  await commit(outbox, { append: recorded.map((event) => ({ event, hold: true })) });
  await commit(outbox, { release: recorded.slice(3, 4) });
  expect(rowsIn(place.path)).toEqual({ events: 20, segments: 0, identities: 0, bodies: 0, leases: 0 });
  await outbox.close();
});

/** Twenty events in a segment whose owner is gone, twelve of them on their way. */
const abandoned = async (path: string) => {
  const outbox = await opened(path);
  const recorded = newEvents(20);
  await commit(outbox, { append: recorded.map((event) => ({ event, hold: true })) });
  await commit(outbox, { lease: recorded.slice(0, 12) });
  const copy = storeFolder();
  const db = new DatabaseSync(path);
  db.prepare("VACUUM INTO ?").run(copy.path);
  db.close();
  await outbox.close();
  return { recorded, copy };
};

test("an owner whose segments were taken over meanwhile sends nothing of them, and what it was told is counted once", async () => {
  using place = storeFolder();
  const one = await opened(place.path);
  const recorded = newEvents(20);
  await commit(one, { append: recorded.map((event) => ({ event, hold: true })) });
  for (const name of readdirSync(place.folder)) {
    if (name.includes(".owner-")) rmSync(join(place.folder, name));
  }
  const two = await opened(place.path);
  expect(await claimIds(two)).toHaveLength(20);
  await expect(commit(one, { lease: recorded })).rejects.toMatchObject({
    message: expect.stringContaining("20 of 20 events to be sent are no longer held"),
  });
  const told = recorded.slice(0, 5);
  await commit(one, { acknowledge: told });
  await commit(one, { acknowledge: told });
  await commit(two, { acknowledge: told });
  expect(await two.accounts()).toMatchObject({ recorded: 20, acknowledged: 5, pending: 15 });
  await one.close();
  await two.close();
});

test("segments of an owner that another version gave up are taken over, too", async () => {
  using place = storeFolder();
  const { copy } = await abandoned(place.path);
  using _ = copy;
  damage(copy.path, "UPDATE producers SET live = 0");
  const outbox = await opened(copy.path);
  expect(await claimIds(outbox)).toHaveLength(20);
  await outbox.close();
});

test("of the identities in segments and in rows the oldest are forgotten first, those of a segment at once", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main", tombstones: { max: 30 } });
  await outbox.open();
  const batches = [newEvents(10), events(10, "given"), newEvents(10), newEvents(10)];
  const known = async () => {
    const repeats = batches.flatMap(([first]) => (first === undefined ? [] : [event(first.event_id)]));
    const { appended } = await commit(outbox, {
      append: repeats.map((repeat) => ({ event: repeat, hold: false })),
    });
    return appended.map(({ state }) => state);
  };
  for (const [index, batch] of batches.entries()) {
    await commit(outbox, { append: batch.map((event) => ({ event, hold: true })) }, index);
    await commit(outbox, { acknowledge: batch }, index);
  }
  expect(await known()).toEqual(["recorded", "repeat", "repeat", "repeat"]);
  const more = newEvents(12);
  await commit(outbox, { append: more.map((event) => ({ event, hold: true })) }, 10);
  await commit(outbox, { acknowledge: more }, 10);
  expect(rowsIn(place.path), "two of the next segment would be too many").toMatchObject({ segments: 3 });
  expect((await known()).slice(2)).toEqual(["repeat", "repeat"]);
  await outbox.close();
});

const damage = (path: string, sql: string) => {
  const db = new DatabaseSync(path);
  expect(db.prepare(sql).run().changes).toBe(1);
  db.close();
};

test("an event whose line is damaged becomes a dead letter under its meter, and does not keep the others", async () => {
  using place = storeFolder();
  const { recorded, copy } = await abandoned(place.path);
  using _ = copy;
  const ids = recorded.map(({ event_id }) => event_id);
  damage(
    copy.path,
    `UPDATE segment_identities SET identities = replace(identities, '["${ids[5]}"', '["${ids[5]}')`,
  );
  damage(
    copy.path,
    `UPDATE segment_bodies SET bodies = replace(bodies, char(10) || '9 {', char(10) || '9 ')`,
  );
  const outbox = await opened(copy.path);
  expect(await claimIds(outbox)).toEqual(ids.filter((_id, index) => index !== 5 && index !== 9));
  const rejected = await outbox.list({ state: "rejected" });
  expect(rejected).toMatchObject([
    { key: 6, event: { event_id: "unreadable-6", tenant_id: "tenant-1", meter_id: "api_calls" } },
    { key: 10, event: { event_id: ids[9], total_usage: 3 } },
  ]);
  expect(await outbox.accounts()).toMatchObject({
    meters: { api_calls: { recorded: 20, pending: 18, rejected: 2 } },
  });
  await outbox.close();
});

test("a line that is lost or there twice takes no other event's place", async () => {
  using place = storeFolder();
  const { recorded, copy } = await abandoned(place.path);
  using _ = copy;
  const ids = recorded.map(({ event_id }) => event_id);
  // The end of line 3 is gone, and 7 says that it is 8.
  damage(
    copy.path,
    `UPDATE segment_identities SET identities = replace(identities, char(10) || '4 [', ' 4 [')`,
  );
  damage(
    copy.path,
    `UPDATE segment_identities SET identities = replace(identities, char(10) || '7 [', char(10) || '8 [')`,
  );
  const outbox = await opened(copy.path);
  expect(await claimIds(outbox)).toEqual(ids.filter((_id, index) => ![3, 4, 7, 8].includes(index)));
  expect(await outbox.accounts()).toMatchObject({ recorded: 20, pending: 16, rejected: 4 });
  await outbox.close();
});

test("when a lease is damaged, all events of its segment may have been sent", async () => {
  using place = storeFolder();
  const { copy } = await abandoned(place.path);
  using _ = copy;
  damage(copy.path, "UPDATE leases SET deliveries = substr(deliveries, 2)");
  const outbox = await opened(copy.path);
  const { events } = await outbox.claim({ now: 1, maxEvents: 100, maxBytes: 1e9, skipTenants: [] });
  expect(events).toHaveLength(20);
  expect(events.every(({ firstSentAt }) => firstSentAt !== undefined)).toBe(true);
  await outbox.close();
});
