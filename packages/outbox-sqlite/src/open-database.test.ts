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

const asideIn = (folder: string) =>
  readdirSync(folder).filter((name) => /\.corrupt-\d{8}T\d{9}Z$/.test(name));

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

describe("a damaged outbox is set aside, reported, and a new one begun", () => {
  const damages: Readonly<Record<string, (path: string) => void>> = {
    "pages in the middle": (path) => {
      const file = openSync(path, "r+");
      for (let page = 2; page < 12; page++)
        writeSync(file, Buffer.alloc(8_000, 0xa5), 0, 8_000, page * 8_192);
      closeSync(file);
    },
    "cut off": (path) => writeFileSync(path, readFileSync(path).subarray(0, 9_000)),
    "a row without which the others say nothing": (path) => {
      const db = new DatabaseSync(path);
      db.exec(`UPDATE meta SET value = '{"layout":'`);
      db.close();
    },
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
    const aside = asideIn(place.folder);
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(place.folder, aside[0] ?? "")).equals(damaged), "as it was").toBe(true);
    await append(outbox, [event("new")]);
    expect(await outbox.accounts()).toMatchObject({ recorded: 1 });
    await outbox.close();
    const { outbox: again, opening: second } = await opened(place.path);
    expect(second.warnings).toEqual([]);
    await again.close();
  });

  test("once, when two find it at the same time", async () => {
    using place = storeFolder();
    const { outbox: before } = await opened(place.path);
    await append(before, events(500));
    await before.close();
    damages["pages in the middle"]?.(place.path);
    const outboxes = [sqliteOutbox({ path: place.path }), sqliteOutbox({ path: place.path })];
    const openings = await Promise.all(outboxes.map((outbox) => outbox.open()));
    expect(openings.flatMap(({ warnings }) => warnings)).toHaveLength(1);
    await Promise.all(outboxes.map((outbox, index) => append(outbox, [event(`of ${index}`)])));
    expect(await outboxes[0]?.accounts()).toMatchObject({ recorded: 2 });
    for (const outbox of outboxes) await outbox.close();
  });

  test("but not through a symbolic link: what it leads to stays where it is", async () => {
    using place = storeFolder();
    const { outbox } = await opened(place.path);
    await outbox.close();
    damages["cut off"]?.(place.path);
    const before = readFileSync(place.path);
    symlinkSync(place.path, join(place.folder, "link.db"));
    await expect(opened(join(place.folder, "link.db"))).rejects.toMatchObject({
      code: "outbox_failed",
      message: expect.stringContaining("symbolic link"),
    });
    expect(readFileSync(place.path).equals(before)).toBe(true);
    expect(asideIn(place.folder)).toEqual([]);
  });

  test("also when the damage shows while it is open: the call fails, the next one works on a new file", async () => {
    using place = storeFolder();
    const { outbox } = await opened(place.path);
    await append(outbox, events(500));
    const db = new DatabaseSync(place.path);
    db.exec("UPDATE accounts SET value = '[1,'; UPDATE meta SET value = '{'");
    db.close();
    await expect(append(outbox, [event("a")])).rejects.toThrow("is damaged");
    await expect(append(outbox, [event("b")])).rejects.toThrow("was set aside");
    await append(outbox, [event("c")]);
    expect(await outbox.accounts()).toMatchObject({ recorded: 1, pending: 1 });
    expect(asideIn(place.folder)).toHaveLength(1);
    await outbox.close();
  });
});

describe("damage costs the events that it is in, and not their neighbours", () => {
  const damages: Readonly<Record<string, (path: string) => void>> = {
    "the text of one": (path) => {
      const db = new DatabaseSync(path);
      db.exec(`UPDATE bodies SET value = replace(value, '"event-1"', '"eve')`);
      db.close();
    },
    "a page of its segment": (path) => {
      // Where its body goes on, in a chain of pages: the number of the next one, then text.
      const db = new DatabaseSync(path);
      const page = db
        .prepare("SELECT pageno FROM dbstat WHERE name = 'bodies' AND pagetype = 'overflow' LIMIT 1")
        .get();
      db.close();
      const file = openSync(path, "r+");
      writeSync(file, Buffer.alloc(4_096, 0xa5), 0, 4_096, (Number(page?.pageno) - 1) * 4_096);
      closeSync(file);
    },
  };

  test("the text of one", async () => {
    using place = storeFolder();
    const { outbox } = await opened(place.path);
    await append(outbox, events(3));
    await outbox.close();
    damages["the text of one"]?.(place.path);
    const { outbox: again, opening } = await opened(place.path);
    expect(opening.warnings).toEqual([]);
    expect(await claimIds(again)).toEqual(["event-0", "event-2"]);
    expect(await again.list({ state: "rejected" })).toMatchObject([
      { event: { event_id: "event-1" }, reason: "the stored event is damaged" },
    ]);
    expect(await again.accounts()).toMatchObject({ recorded: 3, pending: 2, rejected: 1 });
    await again.close();
  });

  test("a page of a segment's text", async () => {
    using place = storeFolder();
    const { outbox } = await opened(place.path);
    await append(outbox, [...events(200, "damaged")]);
    await append(outbox, events(3, "sound"));
    await outbox.close();
    damages["a page of its segment"]?.(place.path);
    const { outbox: again, opening } = await opened(place.path);
    expect(opening.warnings).toEqual([]);
    const claimed = new Set<string>();
    for (let attempt = 0; attempt < 3; attempt++) {
      // It fails a call once.
      try {
        for (const id of await claimIds(again)) claimed.add(id);
      } catch (error) {
        expect(error).toMatchObject({
          code: "outbox_failed",
          message: expect.stringContaining("are damaged"),
        });
      }
    }
    expect([...claimed].filter((id) => id.startsWith("sound"))).toHaveLength(3);
    expect(await again.accounts()).toMatchObject({ recorded: 203, pending: 3, rejected: 200 });
    expect(asideIn(place.folder)).toEqual([]);
    await again.close();
  });
});

describe("what is not ours is refused, and neither it nor its folder is changed", () => {
  const foreign: Readonly<Record<string, readonly [write: (path: string) => void, words: string]>> = {
    "not a database": [
      (path) => writeFileSync(path, "this was never a database ".repeat(1_000)),
      "not an SQLite database",
    ],
    "a database of something else": [
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("CREATE TABLE invoices (id)");
        db.close();
      },
      "of something else",
    ],
    "one with a log of its own": [
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("PRAGMA journal_mode = WAL; CREATE TABLE invoices (id)");
        db.close();
      },
      "of something else",
    ],
    "an outbox of another layout": [
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("PRAGMA application_id = 0x4d4c4f42; PRAGMA user_version = 3; CREATE TABLE events (key)");
        db.close();
      },
      "is an outbox of layout 3, expected layout 6",
    ],
  };
  test.each(Object.entries(foreign))("%s", async (_, [write, words]) => {
    using place = storeFolder();
    write(place.path);
    const before = readFileSync(place.path);
    await expect(opened(place.path)).rejects.toMatchObject({
      code: "invalid_options",
      message: expect.stringContaining(words),
    });
    expect(readFileSync(place.path).equals(before)).toBe(true);
    expect(readdirSync(place.folder)).toEqual(["outbox.db"]);
  });

  test("a directory", async () => {
    using place = storeFolder();
    await expect(opened(place.folder)).rejects.toMatchObject({
      code: "invalid_options",
      message: `${place.folder} is a directory, expected an outbox or no file; nothing is changed`,
    });
    expect(readdirSync(place.folder)).toEqual([]);
  });

  test("a symbolic link to nothing: no file is made where it leads", async () => {
    using place = storeFolder();
    using other = storeFolder();
    for (const suffix of ["", ".lock", "-wal"]) {
      const path = join(place.folder, `outbox${suffix}.db`);
      symlinkSync(other.path, path + suffix);
      await expect(opened(path)).rejects.toMatchObject({
        code: "invalid_options",
        message: expect.stringContaining("symbolic link"),
      });
    }
    expect(readdirSync(other.folder)).toEqual([]);
  });
});
