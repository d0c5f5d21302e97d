import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { append, claimIds, event, events } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

const opened = async (path: string) => {
  const outbox = sqliteOutbox({ path, thread: "main" });
  return { outbox, opening: await outbox.open() };
};

test("nobody else can read the files, whatever the process's mask", async () => {
  using place = storeFolder();
  const mask = process.umask(0);
  try {
    const { outbox } = await opened(join(place.folder, "new", "outbox.db"));
    await append(outbox, events(3));
    const names = readdirSync(join(place.folder, "new"));
    expect(names.toSorted()).toEqual([
      "outbox.db",
      "outbox.db-shm",
      "outbox.db-wal",
      "outbox.db.lock",
      expect.stringMatching(/^outbox\.db\.owner-/),
    ]);
    for (const name of names) {
      expect((statSync(join(place.folder, "new", name)).mode & 0o777).toString(8), name).toBe("600");
    }
    await outbox.close();
  } finally {
    process.umask(mask);
  }
});

test("outboxes that come by a symbolic link and by the name itself know of each other", async () => {
  using place = storeFolder();
  const { outbox: one } = await opened(place.path);
  symlinkSync(place.path, join(place.folder, "link.db"));
  const { outbox: two } = await opened(join(place.folder, "link.db"));
  await append(one, events(2));
  expect(await claimIds(two)).toEqual([]);
  await one.close();
  expect(await claimIds(two)).toHaveLength(2);
  await two.close();
});

describe("a damaged file is set aside, reported, and a new one begun", () => {
  const damages: Readonly<Record<string, (path: string) => void>> = {
    "not a database": (path) => writeFileSync(path, "this was never a database ".repeat(1_000)),
    "a page in the middle": (path) => {
      const file = openSync(path, "r+");
      for (let page = 3; page < 12; page++)
        writeSync(file, Buffer.alloc(4_000, 0xa5), 0, 4_000, page * 4_096);
      closeSync(file);
    },
    "cut off": (path) => writeFileSync(path, readFileSync(path).subarray(0, 9_000)),
  };
  test.each(Object.entries(damages))("%s", async (_, damage) => {
    using place = storeFolder();
    const { outbox: before } = await opened(place.path);
    await append(before, events(500));
    await before.close();
    damage(place.path);
    const damaged = readFileSync(place.path);

    const { outbox, opening } = await opened(place.path);
    expect(opening.warnings).toEqual([expect.stringContaining("is damaged")]);
    expect(opening.pendingEvents).toBe(0);
    const aside = readdirSync(place.folder).filter((name) => /\.corrupt-\d{8}T\d{9}Z$/.test(name));
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(place.folder, aside[0] ?? "")).equals(damaged), "as it was").toBe(true);
    await append(outbox, [event("new")]);
    expect(await outbox.accounts()).toMatchObject({ recorded: 1 });
    await outbox.close();
    const { outbox: again, opening: second } = await opened(place.path);
    expect(second.warnings).toEqual([]);
    await again.close();
  });

  test("once, when two processes find it at the same time", async () => {
    using place = storeFolder();
    writeFileSync(place.path, "damaged ".repeat(5_000));
    const outboxes = [sqliteOutbox({ path: place.path }), sqliteOutbox({ path: place.path })];
    const openings = await Promise.all(outboxes.map((outbox) => outbox.open()));
    expect(openings.flatMap(({ warnings }) => warnings)).toHaveLength(1);
    await Promise.all(outboxes.map((outbox, index) => append(outbox, [event(`of ${index}`)])));
    expect(await outboxes[0]?.accounts()).toMatchObject({ recorded: 2 });
    for (const outbox of outboxes) await outbox.close();
  });
});

test("an event whose text is damaged becomes a dead letter, and does not keep the others", async () => {
  using place = storeFolder();
  const { outbox } = await opened(place.path);
  const recorded = events(3);
  await append(outbox, recorded);
  await outbox.close();
  const db = new DatabaseSync(place.path);
  db.exec("UPDATE events SET body = '{\"device_id\":\"dev' WHERE event_id = 'event-1'");
  db.close();
  const { outbox: again } = await opened(place.path);
  expect(await claimIds(again)).toEqual(["event-0", "event-2"]);
  expect(await again.list({ state: "rejected" })).toMatchObject([
    { event: { event_id: "event-1", total_usage: 3 }, reason: "the stored event is damaged" },
  ]);
  expect(await again.accounts()).toMatchObject({ recorded: 3, pending: 2, rejected: 1 });
  await again.close();
});

test("a database of something else is refused and left alone", async () => {
  using place = storeFolder();
  const db = new DatabaseSync(place.path);
  db.exec("CREATE TABLE invoices (id)");
  db.close();
  const before = readFileSync(place.path);
  await expect(opened(place.path)).rejects.toMatchObject({
    code: "invalid_options",
    message: expect.stringContaining("something else"),
  });
  expect(readFileSync(place.path).equals(before)).toBe(true);
  expect(readdirSync(place.folder)).toEqual(["outbox.db", "outbox.db.lock"]);
});
