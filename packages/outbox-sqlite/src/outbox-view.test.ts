import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outboxInProcess } from "../test/outbox-in-process.ts";
import { append, claimIds, commit, ended, event, events } from "../test/outbox-use.ts";
import { storeFolder } from "../test/store-folder.ts";
import { sqliteOutboxView } from "./outbox-view.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

/** Names, sizes, times and contents of all files but SQLite's index in memory. */
const stateOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => !name.endsWith("-shm"))
    .map((name) => {
      const path = join(folder, name);
      const content = name.includes(".owner-")
        ? ""
        : createHash("sha256").update(readFileSync(path)).digest("hex");
      return [name, statSync(path).size, statSync(path).mtimeMs, content];
    });

const looked = async (path: string) => {
  const view = sqliteOutboxView(path);
  try {
    const { warnings } = await view.open();
    const accounts = await view.accounts();
    const rows = await view.list({});
    const ledger = await view.ledger({});
    const producers = await view.producers();
    return { warnings, accounts, ids: rows.map((row) => row.event.event_id), ledger, producers };
  } finally {
    await view.close();
  }
};

test("a closed outbox, a live one, and one whose process was killed are looked into and left as they are", async () => {
  using place = storeFolder();
  const owner = outboxInProcess(place.path);
  await owner.outbox.open();
  const recorded = events(4);
  const span = await append(owner.outbox, recorded);
  await commit(owner.outbox, { end: [ended({ ...span, to: 1 }, recorded)] });
  for (const how of ["live", "killed", "closed"]) {
    if (how === "killed") await owner.kill();
    if (how === "closed") {
      const last = sqliteOutbox({ path: place.path, thread: "main" });
      await last.open();
      await last.close();
    }
    const before = stateOf(place.folder);
    const { accounts, ids, ledger, producers } = await looked(place.path);
    expect(accounts, how).toMatchObject({ recorded: 4, acknowledged: 1, pending: 3 });
    expect(ids).toEqual(["event-1", "event-2", "event-3"]);
    expect(ledger).toMatchObject([{ recorded: 4, acknowledged: 1 }]);
    expect(producers).toMatchObject([{ last_seq: 4, unacknowledged: [{ from: 2, to: 4 }] }]);
    expect(stateOf(place.folder), how).toEqual(before);
  }
  const next = sqliteOutbox({ path: place.path, thread: "main" });
  await next.open();
  await append(next, [event("goes on")]);
  expect(await claimIds(next)).toHaveLength(3);
  await next.close();
});

test("a live owner keeps its lock and goes on", async () => {
  using place = storeFolder();
  const owner = sqliteOutbox({ path: place.path });
  await owner.open();
  await append(owner, events(2));
  await looked(place.path);
  const other = outboxInProcess(place.path);
  await other.outbox.open();
  expect(await claimIds(other.outbox)).toEqual([]);
  await other.kill();
  await append(owner, [event("later")]);
  expect((await looked(place.path)).accounts).toMatchObject({ recorded: 3, pending: 3 });
  await owner.close();
});

test("a damaged outbox, and what is none, stay where they are", async () => {
  using place = storeFolder();
  const outbox = sqliteOutbox({ path: place.path, thread: "main" });
  await outbox.open();
  await append(outbox, events(500));
  await outbox.close();
  mkdirSync(join(place.folder, "cut"));
  const cut = join(place.folder, "cut", "outbox.db");
  copyFileSync(place.path, cut);
  writeFileSync(cut, readFileSync(cut).subarray(0, 9_000));
  await expect(looked(cut)).rejects.toMatchObject({ code: "outbox_failed" });
  expect(readdirSync(join(place.folder, "cut"))).toEqual(["outbox.db"]);

  const notes = join(place.folder, "cut", "notes.csv");
  writeFileSync(notes, "tenant,usage\na,1\n");
  await expect(looked(notes)).rejects.toMatchObject({ code: "invalid_options" });
  writeFileSync(notes, "");
  await expect(looked(notes)).rejects.toThrow("is empty, expected an outbox");
  expect(readFileSync(notes, "utf8")).toBe("");
});
